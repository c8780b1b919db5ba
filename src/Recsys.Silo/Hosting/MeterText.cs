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
    private readonly ConcurrentDictionary<(Instrument Instrument, string Tags), Series> _series = new();

    public MeterText()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (Meters.Any(m => instrument.Meter.Name.StartsWith(m, StringComparison.Ordinal)))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<byte>((i, v, tags, _) => Add(i, v, tags));
        _listener.SetMeasurementEventCallback<short>((i, v, tags, _) => Add(i, v, tags));
        _listener.SetMeasurementEventCallback<int>((i, v, tags, _) => Add(i, v, tags));
        _listener.SetMeasurementEventCallback<long>((i, v, tags, _) => Add(i, v, tags));
        _listener.SetMeasurementEventCallback<float>((i, v, tags, _) => Add(i, v, tags));
        _listener.SetMeasurementEventCallback<double>((i, v, tags, _) => Add(i, v, tags));
        _listener.SetMeasurementEventCallback<decimal>((i, v, tags, _) => Add(i, (double)v, tags));
        _listener.Start();
    }

    public string Write()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder(8192);
        foreach (var group in _series.GroupBy(s => s.Key.Instrument).OrderBy(g => Name(g.Key), StringComparer.Ordinal))
        {
            string name = Name(group.Key);
            bool histogram = IsHistogram(group.Key);
            string help = group.Key.Description ?? "";
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help.ReplaceLineEndings(" ")}\n# TYPE {name} {(histogram ? "summary" : IsSum(group.Key) ? "counter" : "gauge")}\n");
            foreach (var (key, series) in group.OrderBy(s => s.Key.Tags, StringComparer.Ordinal))
            {
                if (histogram)
                {
                    text.Append(CultureInfo.InvariantCulture, $"{name}_count{key.Tags} {series.Count:R}\n{name}_sum{key.Tags} {series.Value:R}\n");
                }
                else
                {
                    text.Append(CultureInfo.InvariantCulture, $"{name}{key.Tags} {series.Value:R}\n");
                }
            }
        }

        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = _series.GetOrAdd((instrument, Tags(tags)), _ => new Series());
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
        if (tags.IsEmpty)
        {
            return "";
        }

        var text = new StringBuilder("{");
        foreach (var tag in tags)
        {
            string value = Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? "";
            value = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).ReplaceLineEndings("\\n");
            text.Append(text.Length > 1 ? "," : "").Append(tag.Key.Replace('-', '_').Replace('.', '_')).Append("=\"").Append(value).Append('"');
        }

        return text.Append('}').ToString();
    }

    private sealed class Series
    {
        public long Count { get; set; }

        public double Value { get; set; }
    }
}
