namespace Recsys.Engine.Tuning;

/// <summary>
/// Searches the options of one or more algorithms for the best value of a metric on a validation part: random search with
/// successive halving (Jamieson and Talwalkar 2016) over iterations, later waves near the best so far; for algorithms whose
/// cost grows faster than the data first on the most popular items. What is tried, in which order, follows from the seed and
/// the data alone, so a search that was cut off goes on where it ended when it is given the journal again; a time limit
/// cuts the order short and changes nothing else.
/// </summary>
public static class Tuner
{
    /// <summary>
    /// Runs a search. Cancelling ends it with what was found (<see cref="TuningEnd.Cancelled"/>), the journal up to date.
    /// </summary>
    /// <exception cref="InvalidOptionException">An option or a range cannot be served.</exception>
    /// <exception cref="RecsysException">The journal cannot be written, or nothing can be measured.</exception>
    public static TuningResult Run(
        TuningData data,
        IReadOnlyList<ModelSearch> searches,
        TuningOptions options,
        TuningJournal? journal = null,
        IProgress<TuningProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        options.Validate();

        // Models with nothing to choose are one training each: they come first and need no share of the time.
        searches = [.. searches.OrderBy(HasChoice)];
        var spaces = searches.Select(s => new SearchSpace(s, data.Train)).ToList();
        var run = new TuningRun(data, options, journal, progress, cancellationToken);
        var end = TuningEnd.Finished;
        try
        {
            for (int s = 0; s < searches.Count; s++)
            {
                end = run.SearchModel(searches[s], spaces[s], Math.Max(1, searches.Skip(s).Count(HasChoice))) ? end : TuningEnd.OutOfTime;
            }

            run.CompareOnItems(searches);
        }
        catch (OperationCanceledException)
        {
            end = TuningEnd.Cancelled;
        }

        return run.Result(end);

        static bool HasChoice(ModelSearch search) => search.Dimensions.Any(d => !d.Range.IsFixed);
    }
}
