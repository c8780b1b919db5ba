using Recsys.Cli;
using Recsys.Cli.Output;

return await CommandLineApp.RunAsync(args, Terminal.ForProcess());
