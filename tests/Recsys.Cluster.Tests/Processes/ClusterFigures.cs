using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Recsys.Client;
using Recsys.Cluster.Tests.Postgres;
using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;
using Recsys.Grains.Training;
using Recsys.Silo.Postgres;

namespace Recsys.Cluster.Tests.Processes;

/// <summary>
/// Figures of silo processes, written to standard output and to the file that RECSYS_FIGURES_OUT names:
/// <c>RECSYS_FIGURES="FILE ALGORITHM SILOS [option=value …]"</c>, e.g. <c>"ml-1m/train.tsv als 2 factors=128"</c>; medians of RECSYS_FIGURES_RUNS runs (3).
/// </summary>
[Trait("Category", "Figures")]
public sealed class ClusterFigures : SiloProcessTests
{
    /// <summary>Trainings one after the other: RECSYS_FIGURES_TRAININGS. What code is called rarely is compiled in the first ones.</summary>
    private static readonly int Trainings = Number("RECSYS_FIGURES_TRAININGS", 3);

    /// <summary>
    /// Processor seconds of trainings in fresh silos, one after the other, and of the same silos at rest for as long; and of as
    /// many in a fresh process of the Engine, each before one of theirs: the speed of a shared machine changes within minutes. Medians over all
    /// runs. And bytes moved against the formula.
    /// </summary>
    [FiguresFact]
    public async Task Training()
    {
        string[] words = Environment.GetEnvironmentVariable("RECSYS_FIGURES")!.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var data = Dataset.Load(words[0]);
        int silos = int.Parse(words[2], CultureInfo.InvariantCulture);
        string[] given = words[3..];
        var options = Algorithms.Get(words[1]).Complete(data, new OptionBag(given.Select(w => w.Split('=')).Select(p => KeyValuePair.Create(p[0], p[1]))));
        int runs = Number("RECSYS_FIGURES_RUNS", 3);
        var rounds = new List<Round>();
        for (int run = 0; run < runs; run++)
        {
            rounds.Add(await RoundAsync(data, words[1], silos, options, [words[0], words[1], .. given]));
        }

        double Median(Func<Round, double> figure) => rounds.Select(figure).Order().ElementAt(runs / 2);
        string Text(int turn)
        {
            double cluster = Median(r => r.Silos[turn].Cpu), engine = Median(r => r.Engine[turn].Cpu), rest = Median(r => r.Silos[turn].Seconds * r.RestShare);
            return FormattableString.Invariant(
                $"{Median(r => r.Silos[turn].Seconds):F1} s, CPU {cluster:F2} s (at rest as long: {rest:F2}; PostgreSQL {Median(r => r.Silos[turn].Database):F2}) against {engine:F2} s of the Engine: {cluster / engine:F2}x, without rest {(cluster - rest) / engine:F2}x");
        }

        var last = rounds[^1];
        Say(FormattableString.Invariant(
            $"{Path.GetFileName(Path.GetDirectoryName(words[0]))} {words[1]} {string.Join(' ', given)}, {silos} silo processes, medians of {runs}, moved {last.Received / 1e6:F1} MB, formula {last.Expected / 1e6:F1} MB"));
        for (int turn = 0; turn < Trainings; turn++)
        {
            Say(FormattableString.Invariant($"  training {turn + 1}: {Text(turn)}"));
        }
    }

    /// <summary>Trainings in new silos on a new database, and in a new process of the Engine.</summary>
    private async Task<Round> RoundAsync(Dataset data, string algorithm, int count, OptionBag options, string[] engine)
    {
        string connection = PostgresServer.Instance.CreateDatabase();
        string threads = $"{Math.Max(1, Environment.ProcessorCount / count)}";
        Silos.AddRange(await SiloProcess.StartAsync(count, connection, Cluster, Cache, "--threads", threads));
        await using var client = await RecsysClient.ConnectAsync(new RecsysClientOptions { Cluster = Cluster, Postgres = connection });
        await using var database = NpgsqlDataSource.Create(connection);
        await ClusterDataset.SaveAsync(new PostgresBlobStore(database), "data", data);

        using var process = StartEngine(engine);

        // What starting has left to do is no part of it.
        await Task.Delay(3000);
        var resting = Now();
        await Task.Delay(4000);
        var rest = Now() - resting;
        var turns = new Turn[Trainings];
        var engines = new Turn[Trainings];
        ClusterTrainingStatus status = null!;
        for (int turn = 0; turn < turns.Length; turn++)
        {
            // The Engine is first: of a large catalogue there is no room for its model beside the one that the silos have then.
            engines[turn] = await EngineAsync(process);
            var begun = Now();
            status = await TrainAsync(client, $"run-{turn}", algorithm, options);
            turns[turn] = Now() - begun;

            // Its state is deleted, and the first version of a model is taken up to answer: that is no training.
            await Task.Delay(4000);
        }

        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        Silos.ForEach(s => s.Dispose());
        Silos.Clear();
        return new Round(
            turns, engines, rest.Cpu / rest.Seconds, status.Phases.Sum(p => p.Received), status.Phases.Sum(p => p.Expected));
    }

    private static Process StartEngine(string[] arguments)
    {
        // Built beside this project, in the same configuration.
        string program = AppContext.BaseDirectory.Replace("Recsys.Cluster.Tests", "Recsys.Benchmarks", StringComparison.Ordinal);
        string[] all = [Path.Combine(program, "Recsys.Benchmarks.dll"), "train", .. arguments, "--runs", $"{Trainings}", "--wait"];
        return Process.Start(new ProcessStartInfo("dotnet", all) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
    }

    private static async Task<Turn> EngineAsync(Process process)
    {
        await process.StandardInput.WriteLineAsync();
        await process.StandardInput.FlushAsync();
        string[] words = (await process.StandardOutput.ReadLineAsync())!.Split(' ');
        return new Turn(double.Parse(words[2], CultureInfo.InvariantCulture), double.Parse(words[4], CultureInfo.InvariantCulture), 0);
    }

    /// <summary>Processor seconds of blobs to and from PostgreSQL, by the size of the connection's buffers.</summary>
    [FiguresFact]
    public async Task Blobs()
    {
        const int Count = 64;
        byte[] blob = new byte[4 << 20];
        new Random(1).NextBytes(blob);
        foreach (int buffer in new[] { 8 << 10, 32 << 10, 128 << 10, 8 << 10, 32 << 10, 128 << 10 })
        {
            string connection = PostgresServer.Instance.CreateDatabase();
            await PostgresSchema.PrepareAsync(connection, create: true);
            await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connection) { ReadBufferSize = buffer, WriteBufferSize = buffer });
            var store = new PostgresBlobStore(database);
            double Now() => Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds;
            double began = Now();
            var clock = Stopwatch.StartNew();
            for (int b = 0; b < Count; b++)
            {
                await store.PutAsync($"b/{b}", blob);
            }

            double put = Now() - began, putSeconds = clock.Elapsed.TotalSeconds;
            began = Now();
            clock.Restart();
            for (int b = 0; b < Count; b++)
            {
                await store.GetAsync($"b/{b}");
            }

            double megabytes = (double)Count * blob.Length / 1e6;
            Say(FormattableString.Invariant(
                $"buffers of {buffer >> 10} KB: put {put / megabytes * 1e3:F2} ms CPU a MB ({megabytes / putSeconds:F0} MB/s), get {(Now() - began) / megabytes * 1e3:F2} ms CPU a MB ({megabytes / clock.Elapsed.TotalSeconds:F0} MB/s)"));
        }
    }

    private static async Task<ClusterTrainingStatus> TrainAsync(RecsysClient client, string id, string algorithm, OptionBag options)
    {
        var training = client.Grains.GetGrain<ITrainingCoordinatorGrain>(id);
        await training.StartAsync(new ClusterTrainingRequest { Dataset = "data", Algorithm = algorithm, Options = options.Values, Activate = false });
        while (true)
        {
            var status = (await training.GetStatusAsync())!;
            if (status.Ended)
            {
                Assert.Equal((TrainingState.Succeeded, null), (status.State, status.Error));
                return status;
            }

            await Task.Delay(100);
        }
    }

    private static int Number(string variable, int ordinarily) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : ordinarily;

    private static void Say(string line)
    {
        Console.WriteLine(line);
        if (Environment.GetEnvironmentVariable("RECSYS_FIGURES_OUT") is { Length: > 0 } file)
        {
            File.AppendAllText(file, line + "\n");
        }
    }

    /// <summary>Seconds of the clock, and of processor so far of the silos and of PostgreSQL.</summary>
    private Turn Now() => new(
        Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency,
        Silos.Sum(s => s.ProcessorTime.TotalSeconds),
        PostgresServer.Instance.ProcessorTime.TotalSeconds);

    private readonly record struct Turn(double Seconds, double Cpu, double Database)
    {
        public static Turn operator -(Turn end, Turn begin) => new(end.Seconds - begin.Seconds, end.Cpu - begin.Cpu, end.Database - begin.Database);
    }

    private sealed record Round(Turn[] Silos, Turn[] Engine, double RestShare, long Received, long Expected);
}
