namespace Recsys.Cli.Load;

/// <summary>
/// The largest rate in the open loop that is sustained: answers keep up with what is asked for, and latency does not grow. Callers that
/// wait (the closed loop) come in step with the answers and reach more than an arrival process may. Short tries find about where it
/// is; in a short one a rate just above it passes, whose queue has not had the time to grow, so that what was found must last.
/// </summary>
/// <param name="measure">Measures a rate for a short time.</param>
/// <param name="confirm">Measures a rate for as long as it has to be sustained.</param>
/// <param name="mostP99">Milliseconds at the 99th percentile from which a rate is not sustained: the answers queue.</param>
internal sealed class SaturationSearch(Func<double, Task<LoadResult>> measure, Func<double, Task<LoadResult>> confirm, double mostP99)
{
    /// <summary>Share of what is asked for that has to be answered by the end.</summary>
    public const double LeastShare = 0.97;

    /// <summary>How near the found rate is to one that is not sustained.</summary>
    public const double Precision = 1.06;

    private const double LeastRate = 1;

    /// <summary>Told each rate that was measured, and whether it was sustained.</summary>
    public Action<double, LoadResult, bool>? Measured { get; init; }

    /// <summary>
    /// Doubles the rate until it is not sustained, then halves the distance (of the logarithms); then takes the largest one that was,
    /// or the next lower by <see cref="Precision"/>, until one lasts. A rate counts as not sustained when that was found twice. Returns
    /// the rate, with what was measured while it had to last; rate 0 where there is none.
    /// </summary>
    public async Task<(double Rate, LoadResult? Result)> FindAsync(double first, CancellationToken cancellationToken)
    {
        double best = 0;
        double above = double.PositiveInfinity;
        double rate = first;
        while (rate >= LeastRate && (best == 0 || above / best > Precision))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await TryAsync(rate, measure).ConfigureAwait(false) is not null)
            {
                best = rate;
            }
            else
            {
                above = rate;
            }

            rate = double.IsInfinity(above) ? rate * 2 : best == 0 ? above / 2 : Math.Sqrt(above * best);
        }

        for (rate = best; rate >= LeastRate; rate /= Precision)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await TryAsync(rate, confirm).ConfigureAwait(false) is { } result)
            {
                return (rate, result);
            }
        }

        return (0, null);
    }

    private async Task<LoadResult?> TryAsync(double rate, Func<double, Task<LoadResult>> run)
    {
        for (int attempt = 0; attempt < 2; attempt++)
        {
            var result = await run(rate).ConfigureAwait(false);
            bool sustained = result.Failed == 0 && result.Sustained >= LeastShare * rate && result.Latency.Quantile(0.99) <= mostP99 * 1000;
            Measured?.Invoke(rate, result, sustained);
            if (sustained)
            {
                return result;
            }
        }

        return null;
    }
}
