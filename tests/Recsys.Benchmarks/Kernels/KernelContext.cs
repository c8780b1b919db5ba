using System.Globalization;

namespace Recsys.Benchmarks.Kernels;

/// <summary>What a kernel benchmark measures and reports through.</summary>
internal sealed class KernelContext
{
    private readonly Dictionary<(string What, int Threads), double> _limits = [];

    /// <summary>Fewer repetitions and smaller problems: to see that it works.</summary>
    public required bool Quick { get; init; }

    /// <summary>Whether OpenBLAS is there to compare with.</summary>
    public required bool HasOpenBlas { get; init; }

    /// <summary>Only the reference is timed, to find out which of its core types is the fastest for each row.</summary>
    public bool ReferenceOnly { get; init; }

    /// <summary>Whether this process is to measure the row of that name.</summary>
    public required Func<string, bool> Wants { get; init; }

    /// <summary>Where rows go.</summary>
    public required Action<KernelRow> Report { get; init; }

    /// <summary>The FMA peak in GF/s, measured once in this process.</summary>
    public double FmaPeak(int threads) => Limit("fma", threads, Machine.FmaPeak);

    /// <summary>Reading memory in GB/s, measured once in this process.</summary>
    public double ReadBandwidth(int threads) => Limit("read", threads, Machine.ReadBandwidth);

    /// <summary>
    /// Times ours and the reference in turns and reports the medians. One thread: by this thread's processor time; more:
    /// by the wall. With <paramref name="work"/> (flops) figures are GF/s, without it seconds.
    /// </summary>
    /// <param name="name">The row's name.</param>
    /// <param name="threads">Threads of both; the caller has told OpenBLAS.</param>
    /// <param name="repetitions">Timed runs of each.</param>
    /// <param name="prepare">Run untimed before each run of either: restores the input.</param>
    /// <param name="ours">Our kernel.</param>
    /// <param name="reference">The reference's, or null.</param>
    /// <param name="bar">What the ratio has to reach.</param>
    /// <param name="work">Flops of a run.</param>
    /// <param name="referenceName">Who the reference is.</param>
    public void Compare(
        string name,
        int threads,
        int repetitions,
        Action? prepare,
        Action ours,
        Action? reference,
        double? bar,
        double? work,
        string referenceName = "OpenBLAS")
    {
        if (!Wants(name) || (ReferenceOnly && (reference is null || referenceName != "OpenBLAS")))
        {
            return;
        }

        if (Quick || ReferenceOnly)
        {
            repetitions = Math.Min(repetitions, 2);
        }

        var ourTimes = new List<double>();
        var referenceTimes = new List<double>();
        double peak = work is null || ReferenceOnly ? 0 : Machine.FmaPeak(threads);
        for (int i = ReferenceOnly ? 0 : -1; i < repetitions; i++)
        {
            // The first turn warms up.
            if (!ReferenceOnly)
            {
                Time(threads, prepare, ours, i < 0 ? null : ourTimes);
            }

            if (reference is not null)
            {
                Time(threads, prepare, reference, i < 0 ? null : referenceTimes);
            }
        }

        if (ReferenceOnly)
        {
            Report(new KernelRow(name, 0, referenceTimes.Min(), null, bar, "s"));
            return;
        }

        double our = Median(ourTimes);
        double? their = referenceTimes.Count == 0 ? null : Median(referenceTimes);
        string note = their is null ? "no reference here" : $"against {(referenceName == "OpenBLAS" ? $"OpenBLAS {OpenBlas.CoreName}" : referenceName)}";
        if (work is { } flops)
        {
            peak = Math.Max(peak, Machine.FmaPeak(threads));
            note += string.Create(CultureInfo.InvariantCulture, $"; {flops / our / 1e9 / peak:F3} of the FMA peak {peak:F1}, {our:G4} s");
            Report(new KernelRow(name, flops / our / 1e9, flops / their / 1e9, their / our, bar, "GF/s", note));
        }
        else
        {
            Report(new KernelRow(name, our, their, their / our, bar, "s", note));
        }
    }

    /// <summary>The middle value.</summary>
    public static double Median(List<double> values)
    {
        values.Sort();
        return values.Count % 2 == 1 ? values[values.Count / 2] : (values[(values.Count / 2) - 1] + values[values.Count / 2]) / 2;
    }

    private static void Time(int threads, Action? prepare, Action run, List<double>? times)
    {
        prepare?.Invoke();
        if (threads > 1)
        {
            // The other library's threads go on spinning for a while after their work.
            Thread.Sleep(150);
        }

        double start = threads == 1 ? Machine.CpuSeconds() : Machine.WallSeconds();
        run();
        times?.Add((threads == 1 ? Machine.CpuSeconds() : Machine.WallSeconds()) - start);
    }

    private double Limit(string what, int threads, Func<int, double> measure)
    {
        if (!_limits.TryGetValue((what, threads), out double value))
        {
            _limits[(what, threads)] = value = measure(threads);
        }

        return value;
    }
}
