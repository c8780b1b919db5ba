using Recsys.Cli.Output;
using Recsys.Client;

return await ClientApp.RunAsync(args, Terminal.ForProcess());
