"""Print the schema: `python -m evalyard_schema > schema/schema.graphql`."""

import sys

from .schema import schema

sys.stdout.write(schema.as_str())
