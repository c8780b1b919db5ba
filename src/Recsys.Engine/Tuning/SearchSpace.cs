using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;

namespace Recsys.Engine.Tuning;

/// <summary>
/// The points of a search: one place in [0, 1] an option to choose. Spans around a default depend on the options before
/// them (the default λ of ALS on α), so absolute options are placed first.
/// </summary>
internal sealed class SearchSpace
{
    private readonly ModelSearch _search;
    private readonly Dataset _data;
    private readonly SearchDimension[] _dimensions;

    /// <exception cref="InvalidOptionException">An end or a value of a range is out of the option's own range.</exception>
    public SearchSpace(ModelSearch search, Dataset data)
    {
        _search = search;
        _data = data;
        _dimensions = [.. search.Dimensions.OrderBy(d => d.Range.Relative ? 1 : 0)];
        Start = Begin();
        for (int d = 0; d < _dimensions.Length; d++)
        {
            RequireServed(d);
        }
    }

    /// <summary>Number of options to choose.</summary>
    public int Count => _dimensions.Length;

    /// <summary>The point of the defaults.</summary>
    public double[] Start { get; }

    /// <summary>The range of a dimension.</summary>
    public SearchRange Range(int dimension) => _dimensions[dimension].Range;

    /// <summary>The options at a point, those that stay included.</summary>
    public OptionBag At(ReadOnlySpan<double> point)
    {
        var options = _search.Options;
        for (int d = 0; d < _dimensions.Length; d++)
        {
            var (name, range) = _dimensions[d];
            options = options.With(name, range.At(point[d], Origin(name, range, options)));
        }

        return options;
    }

    private double[] Begin()
    {
        var point = new double[_dimensions.Length];
        var options = _search.Options;
        for (int d = 0; d < point.Length; d++)
        {
            var (name, range) = _dimensions[d];
            double origin = Origin(name, range, options);
            string? start = range.Start ?? (range.Relative ? OptionBag.Write(origin) : Complete(options).Text(name) ?? Declared(name)?.Start);
            point[d] = (start is null ? null : range.PlaceOf(start, origin)) ?? 0.5;
            options = options.With(name, range.At(point[d], origin));
        }

        return point;
    }

    private double Origin(string name, SearchRange range, OptionBag options) => range.Relative
        ? Complete(options).Text(name) is not null
            ? Complete(options).Double(name, 1)
            : throw new InvalidOperationException($"--{name} has no default for the data that a search could be around")
        : 1;

    private OptionBag Complete(OptionBag options) => _search.Algorithm.Complete(_data, options);

    private SearchRange? Declared(string name) => _search.Algorithm.Options.First(o => o.Name == name).Search;

    /// <summary>Both ends of a span, or all values of a list, are tried on the algorithm's own checks.</summary>
    private void RequireServed(int dimension)
    {
        var range = Range(dimension);
        var point = (double[])Start.Clone();
        int places = range.IsSpan ? 2 : range.Choices.Count;
        for (int p = 0; p < places; p++)
        {
            point[dimension] = range.IsSpan ? p : (p + 0.5) / places;
            _ = _search.Algorithm.Complete(_data, At(point));
        }
    }
}
