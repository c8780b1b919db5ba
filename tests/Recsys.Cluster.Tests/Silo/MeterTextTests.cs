using System.Diagnostics.Metrics;
using Recsys.Silo.Hosting;

namespace Recsys.Cluster.Tests.Silo;

public sealed class MeterTextTests
{
    [Fact]
    public void What_is_counted_is_written_with_and_without_tags()
    {
        using var meter = new Meter("Recsys.MeterTextTests");
        using var text = new MeterText();
        var counter = meter.CreateCounter<long>("test.calls", null, "calls of this test");
        var seconds = meter.CreateHistogram<double>("test.seconds");
        meter.CreateObservableGauge("test.depth", () => 7);
        meter.CreateCounter<int>("test.silent");
        counter.Add(2);
        counter.Add(3);
        counter.Add(1, new KeyValuePair<string, object?>("of.what", "a\"b"));
        counter.Add(4, new KeyValuePair<string, object?>("of.what", "a\"b"));
        seconds.Record(0.25);
        seconds.Record(0.5);
        string[] lines = Lines();
        Assert.Equal(
            [
                "# HELP test_calls calls of this test",
                "# TYPE test_calls counter",
                "test_calls 5",
                "test_calls{of_what=\"a\\\"b\"} 5",
                "# HELP test_depth ",
                "# TYPE test_depth gauge",
                "test_depth 7",
                "# HELP test_seconds ",
                "# TYPE test_seconds summary",
                "test_seconds_count 2",
                "test_seconds_sum 0.75",
            ],
            lines);

        // A gauge is the last value, a counter the sum.
        counter.Add(5);
        Assert.Equal(["test_calls 10", "test_depth 7"], Lines().Where(l => l.StartsWith("test_calls ", StringComparison.Ordinal) || l.StartsWith("test_depth ", StringComparison.Ordinal)));

        // Tags that are written alike are one series, whatever they are made of; several tags, and none of a kind, have theirs.
        counter.Add(6, new KeyValuePair<string, object?>("of.what", 1));
        counter.Add(7, new KeyValuePair<string, object?>("of.what", "1"));
        counter.Add(1, new KeyValuePair<string, object?>("of.what", 1));
        counter.Add(8, new("of.what", 1), new("for", null));
        counter.Add(9, new KeyValuePair<string, object?>("of.what", null));
        Assert.Equal(
            ["test_calls{of_what=\"\"} 9", "test_calls{of_what=\"1\",for=\"\"} 8", "test_calls{of_what=\"1\"} 14"],
            Lines().Where(l => l.Contains("of_what", StringComparison.Ordinal) && !l.Contains('\\')).Order(StringComparer.Ordinal));

        // Also where there are more of them than are looked for first.
        var many = meter.CreateCounter<int>("test.many");
        for (int i = 0; i < 120; i++)
        {
            many.Add(1, new("of.what", i % 40), new("for", "x"));
        }

        Assert.Equal(
            Enumerable.Range(0, 40).Select(i => $"test_many{{of_what=\"{i}\",for=\"x\"}} 3").Order(StringComparer.Ordinal),
            Lines().Where(l => l.StartsWith("test_many{", StringComparison.Ordinal)));

        string[] Lines() => [.. text.Write().Split('\n').Where(l => l.Contains("test_", StringComparison.Ordinal))];
    }
}
