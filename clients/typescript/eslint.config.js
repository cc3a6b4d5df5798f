import tseslint from 'typescript-eslint';

export default tseslint.config(
  {ignores: ['dist/', 'src/generated/', 'eslint.config.js']},
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {parserOptions: {projectService: true, tsconfigRootDir: import.meta.dirname}},
    rules: {
      // Numbers in messages are wanted.
      '@typescript-eslint/restrict-template-expressions': ['error', {allowNumber: true}],
    },
  },
);
