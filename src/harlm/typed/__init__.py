"""Values of a type that the caller chose: schemas from types of Python and from JSON Schema, the value in a model's reply,
and what is wrong with it. Knows neither models nor prompts.
"""

from harlm.typed.checking import faults_in
from harlm.typed.forms import Fitted, fitted, form_of
from harlm.typed.keywords import SchemaFault, checked
from harlm.typed.replies import value_in
from harlm.typed.schemas import schema_of, schema_of_text

__all__ = [
    "Fitted",
    "SchemaFault",
    "checked",
    "faults_in",
    "fitted",
    "form_of",
    "schema_of",
    "schema_of_text",
    "value_in",
]
