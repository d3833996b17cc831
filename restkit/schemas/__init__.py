"""marshmallow schemas bound to one use: strict, with documented wire formats."""
