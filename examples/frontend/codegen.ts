import type { CodegenConfig } from "@graphql-codegen/cli";

// `evalyard schema > schema.graphql` writes the schema of the release that you run.
const config: CodegenConfig = {
  schema: "../../schema/schema.graphql",
  documents: "src/*.ts",
  generates: {
    "./src/gql/": {
      preset: "client",
      config: {
        documentMode: "string",
        useTypeImports: true,
        strictScalars: true,
        scalars: { JSON: "unknown", DateTime: "string" },
      },
    },
  },
};

export default config;
