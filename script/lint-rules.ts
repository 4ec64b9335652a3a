// The house rules that oxlint does not know: loaded by oxlint.config.ts as a plugin.

interface Node {
  readonly type: string;
}

/** What oxlint tells a rule, of what these rules ask. */
interface Context {
  readonly filename: string;
  readonly sourceCode: { readonly lines: readonly string[] };
  report(finding: { node: Node; message: string } | { loc: typeof startOfFile; message: string }): void;
}

const startOfFile = { start: { line: 1, column: 0 }, end: { line: 1, column: 1 } };

/** A file says its one responsibility in its first line (its second where the first is `#!`). */
const firstLineComment = {
  create: (context: Context) => ({
    Program(): void {
      const [first, second] = context.sourceCode.lines;
      const opening = first?.startsWith('#!') === true ? second : first;
      if (opening?.startsWith('// ') !== true) {
        context.report({
          loc: startOfFile,
          message: "Say the file's one responsibility in a comment on its first line.",
        });
      }
    },
  }),
};

/** `new Date()` and `Date()` read the machine's clock behind the simulation's back. */
const noOwnTime = {
  create: (context: Context) => ({
    'NewExpression[callee.name="Date"][arguments.length=0], CallExpression[callee.name="Date"]'(node: Node): void {
      context.report({ node, message: 'Take the time from a Clock (kernel/clock.ts).' });
    },
  }),
};

const vagueWords = /(?:^|[-.])(?:utils?|helpers?|common|managers?|misc|shared|stuff)(?=[-.]|$)/;

/** A file is named after what it does; an interface after what it is. */
const honestName = {
  create: (context: Context) => ({
    Program(): void {
      const word = vagueWords.exec(context.filename.slice(context.filename.lastIndexOf('/') + 1))?.[0];
      if (word !== undefined) {
        context.report({ loc: startOfFile, message: `'${word}' says nothing: name the file after what it does.` });
      }
    },
    'TSInterfaceDeclaration[id.name=/^I[A-Z][a-z]/]'(node: Node): void {
      context.report({ node, message: 'An interface is named after what it is, without a prefix.' });
    },
  }),
};

/** What a service answers in error stands in one place, beside its like, where it can be held against AWS's words. */
const errorsInErrors = {
  create: (context: Context) => ({
    'NewExpression[callee.name="AwsError"]'(node: Node): void {
      context.report({ node, message: "Build it in the service's errors.ts, in AWS's exact words." });
    },
  }),
};

const plugin = {
  meta: { name: 'house' },
  rules: {
    'first-line-comment': firstLineComment,
    'no-own-time': noOwnTime,
    'honest-name': honestName,
    'errors-in-errors': errorsInErrors,
  },
};
export default plugin;
