"""marshmallow schemas as restkit uses them: bound to one use, strict, with documented wire formats."""
