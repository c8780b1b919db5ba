using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Recsys.Silo.Hosting;

/// <summary>
/// What the meters of Orleans and of Recsys count, as Prometheus text: sums of counters, values of gauges, count and sum
/// of histograms. The same meters are there for an OpenTelemetry collector.
/// </summary>
internal sealed class MeterText : IDisposable
{
    private static readonly string[] Meters = ["Microsoft.Orleans", "Recsys"];

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<Instrument, InstrumentSeries> _series = new();

    public MeterText()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (Meters.Any(m => instrument.Meter.Name.StartsWith(m, StringComparison.Ordinal)))
            {
                listener.EnableMeasurementEvents(instrument, _series.GetOrAdd(instrument, _ => new InstrumentSeries()));
            }
        };
        _listener.SetMeasurementEventCallback<byte>((i, v, tags, series) => Add(i, v, tags, series));
        _listener.SetMeasurementEventCallback<short>((i, v, tags, series) => Add(i, v, tags, series));
        _listener.SetMeasurementEventCallback<int>((i, v, tags, series) => Add(i, v, tags, series));
        _listener.SetMeasurementEventCallback<long>((i, v, tags, series) => Add(i, v, tags, series));
        _listener.SetMeasurementEventCallback<float>((i, v, tags, series) => Add(i, v, tags, series));
        _listener.SetMeasurementEventCallback<double>((i, v, tags, series) => Add(i, v, tags, series));
        _listener.SetMeasurementEventCallback<decimal>((i, v, tags, series) => Add(i, (double)v, tags, series));
        _listener.Start();
    }

    public string Write()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder(8192);
        foreach (var (instrument, all) in _series.OrderBy(s => Name(s.Key), StringComparer.Ordinal))
        {
            string name = Name(instrument);
            bool histogram = IsHistogram(instrument);
            string help = instrument.Description ?? "";
            var measured = all.Measured().OrderBy(s => s.Tags, StringComparer.Ordinal).ToArray();
            if (measured.Length == 0)
            {
                continue;
            }

            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help.ReplaceLineEndings(" ")}\n# TYPE {name} {(histogram ? "summary" : IsSum(instrument) ? "counter" : "gauge")}\n");
            foreach (var (tags, series) in measured)
            {
                if (histogram)
                {
                    text.Append(CultureInfo.InvariantCulture, $"{name}_count{tags} {series.Count:R}\n{name}_sum{tags} {series.Value:R}\n");
                }
                else
                {
                    text.Append(CultureInfo.InvariantCulture, $"{name}{tags} {series.Value:R}\n");
                }
            }
        }

        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private static void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        var series = ((InstrumentSeries)state!).Find(tags);
        lock (series)
        {
            series.Count++;
            series.Value = instrument.IsObservable ? value : series.Value + value;
        }
    }

    private static bool IsHistogram(Instrument instrument) =>
        instrument.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(Histogram<>);

    private static bool IsSum(Instrument instrument) =>
        instrument.GetType() is { IsGenericType: true } type
        && (type.GetGenericTypeDefinition() == typeof(Counter<>) || type.GetGenericTypeDefinition() == typeof(ObservableCounter<>));

    private static string Name(Instrument instrument)
    {
        var name = new StringBuilder(instrument.Name.Length);
        foreach (char c in instrument.Name)
        {
            name.Append(char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '_');
        }

        return name.ToString();
    }

    private static string Tags(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder("{");
        foreach (var tag in tags)
        {
            string value = Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? "";
            value = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).ReplaceLineEndings("\\n");
            text.Append(text.Length > 1 ? "," : "").Append(tag.Key.Replace('-', '_').Replace('.', '_')).Append("=\"").Append(value).Append('"');
        }

        return text.Append('}').ToString();
    }

    /// <summary>The series of an instrument. Looked for several times a message: text is made of tags that are new only.</summary>
    private sealed class InstrumentSeries
    {
        private const int MaxKnown = 16;

        private readonly Series _untagged = new();
        private readonly ConcurrentDictionary<string, Series> _tagged = new();
        private (KeyValuePair<string, object?>[] Tags, Series Series)[] _known = [];

        public Series Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (tags.IsEmpty)
            {
                return _untagged;
            }

            var known = Volatile.Read(ref _known);
            foreach (var (others, found) in known)
            {
                if (Same(others, tags))
                {
                    return found;
                }
            }

            var series = _tagged.GetOrAdd(Tags(tags), _ => new Series());
            if (known.Length < MaxKnown)
            {
                Interlocked.CompareExchange(ref _known, [.. known, (tags.ToArray(), series)], known);
            }

            return series;
        }

        /// <summary>The series that have a value.</summary>
        public IEnumerable<(string Tags, Series Series)> Measured() =>
            _tagged.Select(t => (t.Key, t.Value)).Concat(_untagged.Count > 0 ? [("", _untagged)] : []);

        private static bool Same(KeyValuePair<string, object?>[] one, ReadOnlySpan<KeyValuePair<string, object?>> other)
        {
            if (one.Length != other.Length)
            {
                return false;
            }

            for (int t = 0; t < one.Length; t++)
            {
                if (one[t].Key != other[t].Key || !Equals(one[t].Value, other[t].Value))
                {
                    return false;
                }
            }

            return true;
        }
    }

    private sealed class Series
    {
        public long Count { get; set; }

        public double Value { get; set; }
    }
}
