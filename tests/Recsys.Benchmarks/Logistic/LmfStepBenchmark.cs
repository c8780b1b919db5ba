using System.Globalization;
using Recsys.Benchmarks.Data;
using Recsys.Engine.Logistic;
using Recsys.Engine.Negatives;

namespace Recsys.Benchmarks.Logistic;

/// <summary>Clicks a second of one core (thread CPU time) through the bare step, by sampler and number of negatives.</summary>
internal sealed unsafe class LmfStepBenchmark : IBenchmark
{
    private const int Users = 20_000;
    private const int Items = 20_000;
    private const int HistoryLength = 100;

    public string Name => "lmf-step";

    public string Summary => "clicks a second of one core through the LMF step, by sampler";

    public string Usage => "[--factors 64]";

    public int Run(string[] args)
    {
        int factors = args.Length == 2 && args[0] == "--factors" ? int.Parse(args[1], CultureInfo.InvariantCulture) : 64;
        var counts = new ItemCounts(Items);
        for (int i = 0; i < Items; i++)
        {
            counts.Add(i, 1 + (int)(20_000 / Math.Pow(1 + (i * 7919L % Items), 0.9)));
        }

        foreach (var (loss, negatives, count) in new[]
        {
            (LmfLoss.Logistic, "uniform", 4), (LmfLoss.Bpr, "uniform", 4), (LmfLoss.Softmax, "uniform", 4),
            (LmfLoss.Logistic, "popularity:0.75", 4), (LmfLoss.Logistic, "in-batch:256", 4), (LmfLoss.Logistic, "hard:16", 4),
            (LmfLoss.Logistic, "mixed:0.25:hard:16:popularity:0.75", 4),
            (LmfLoss.Logistic, "uniform", 16), (LmfLoss.Softmax, "uniform", 64), (LmfLoss.Softmax, "popularity:0.75", 64),
        })
        {
            var options = LmfOptions.For(loss) with { Factors = factors, NegativeCount = count, Negatives = NegativeSamplerSpec.Parse(negatives) };
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{options.Algorithm,-8} {negatives,-36} N={count,-3} fixed {Measure(options, counts, live: false),8:F0} k/s   live {Measure(options, counts, live: true),8:F0} k/s"));
        }

        foreach (string negatives in new[] { "uniform", "popularity:0.75", "in-batch:256" })
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"online learner, logistic, N=4, {negatives}: {MeasureOnline(factors, negatives),6:F0} k/s"));
        }

        return 0;
    }

    // OnlineLmf.Learn with its lock, histories and counts: repeated clicks and new ones, growing from nothing.
    private static double MeasureOnline(int factors, string negatives)
    {
        using var online = new OnlineLmf(LmfOptions.For(LmfLoss.Logistic) with
        {
            Factors = factors,
            NegativeCount = 4,
            Negatives = NegativeSamplerSpec.Parse(negatives),
        });
        double best = 0;
        ulong click = 0;
        for (int pass = 0; pass < 8; pass++)
        {
            const int Clicks = 100_000;
            double start = ThreadTime.Now;
            for (int c = 0; c < Clicks; c++, click++)
            {
                // Squared: popular items and busy users are likelier.
                double u = CounterRandom.Unit(CounterRandom.At(1, click));
                double i = CounterRandom.Unit(CounterRandom.At(2, click));
                online.Learn((int)(u * u * Users), (int)(i * i * Items));
            }

            best = Math.Max(best, Clicks / (ThreadTime.Now - start) / 1e3);
        }

        return best;
    }

    private static double Measure(LmfOptions options, ItemCounts counts, bool live)
    {
        using var users = FactorTable.ForUsers(options);
        using var items = FactorTable.ForItems(options);
        users.Grow(Users);
        items.Grow(Items);
        var sampler = live ? options.Negatives.CreateLive(counts) : options.Negatives.CreateFixed(counts);
        var draw = NegativeSamplerSpec.Popularity(1).CreateFixed(counts);
        var history = new int[HistoryLength];
        for (int i = 0; i < HistoryLength; i++)
        {
            history[i] = (i * Items / HistoryLength) + (i * 37 % 100);
        }

        // Positives by popularity, users at random: drawn beforehand.
        const int Clicks = 1 << 16;
        var positives = new int[Clicks];
        for (int c = 0; c < Clicks; c++)
        {
            draw.Sample(new NegativeRequest((ulong)c, -1, []), positives.AsSpan(c, 1));
        }

        foreach (int item in positives.AsSpan(0, 1000))
        {
            sampler.Clicked(item);
        }

        using var step = new LmfStep(options, items, counts, options.NegativeCount, live ? null : options.LogProbabilities(counts));
        double best = 0;
        for (int pass = 0; pass < 6; pass++)
        {
            int clicks = Clicks * 4 / (4 + options.NegativeCount);
            double start = ThreadTime.Now;
            for (int c = 0; c < clicks; c++)
            {
                int user = (int)CounterRandom.Below(CounterRandom.At(5, (ulong)c), Users);
                step.Learn(users.Row(user), positives[c], 1, history, sampler, CounterRandom.Derive((ulong)pass, (ulong)c));
                sampler.Clicked(positives[c]);
            }

            best = Math.Max(best, clicks / (ThreadTime.Now - start) / 1e3);
        }

        return best;
    }
}
