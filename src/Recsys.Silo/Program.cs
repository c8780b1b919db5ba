using Recsys.Cli.Output;
using Recsys.Silo;

return await SiloApp.RunAsync(args, Terminal.ForProcess());
