"""How early sub-calls begin while the root model still writes, beside two other systems and the least time possible."""
