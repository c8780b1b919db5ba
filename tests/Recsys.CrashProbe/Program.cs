using System.Globalization;
using Recsys.CrashProbe;

// A process that is killed while it writes, and the one that kills it and looks at what is left.
int Number(int i, int otherwise) => args.Length > i ? int.Parse(args[i], CultureInfo.InvariantCulture) : otherwise;
switch (args)
{
    case ["ingest", var folder, var seed, .. var next]:
        await Ingest.RunAsync(folder, int.Parse(seed, CultureInfo.InvariantCulture), Array.ConvertAll(next, long.Parse));
        return 0;
    case ["save", var folder, var withoutExchange]:
        ModelSaves.Run(folder, bool.Parse(withoutExchange));
        return 0;
    case ["kill-ingest", var folder, ..]:
        Console.WriteLine(IngestKiller.Run(folder, Number(2, 200), Number(3, Environment.TickCount), Console.Out));
        return 0;
    case ["kill-save", var folder, ..]:
        Console.WriteLine(SaveKiller.Run(folder, Number(2, 50), Number(3, Environment.TickCount)));
        return 0;
    default:
        Console.Error.WriteLine("usage: Recsys.CrashProbe kill-ingest|kill-save FOLDER [KILLS] [SEED]");
        return 2;
}
