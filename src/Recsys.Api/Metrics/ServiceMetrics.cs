using System.Diagnostics;
using System.Globalization;
using System.Text;
using Recsys.Engine.Serving;

namespace Recsys.Api.Metrics;

/// <summary>What the service counts, and its form as Prometheus text.</summary>
internal sealed class ServiceMetrics(TimeProvider time)
{
    private static readonly double[] Bounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

    private readonly long _began = time.GetTimestamp();
    private readonly List<RouteMetrics> _routes = [];
    private long _inProgress;
    private long _eventsAccepted;
    private long _eventsDuplicate;

    /// <summary>All requests of the last minute.</summary>
    public RollingLatency Requests { get; } = new(time);

    /// <summary>Recommendations of the last minute.</summary>
    public RollingLatency Recommendations { get; } = new(time);

    /// <summary>Requests that brought events, of the last minute.</summary>
    public RollingLatency Ingest { get; } = new(time);

    /// <summary>One entry an accepted event: for the rate.</summary>
    public RollingCount Events { get; } = new(time);

    public double Uptime => time.GetElapsedTime(_began).TotalSeconds;

    public long EventsAccepted => Volatile.Read(ref _eventsAccepted);

    public long RequestCount => _routes.Sum(r => r.Latency.Count);

    /// <summary>Counters of a route; before requests are served.</summary>
    public RouteMetrics AddRoute(string method, string pattern)
    {
        var route = new RouteMetrics(method, pattern);
        _routes.Add(route);
        return route;
    }

    public void Began() => Interlocked.Increment(ref _inProgress);

    public void Ended() => Interlocked.Decrement(ref _inProgress);

    public void CountEvents(long accepted, long duplicates)
    {
        Interlocked.Add(ref _eventsAccepted, accepted);
        Interlocked.Add(ref _eventsDuplicate, duplicates);
        Events.Add(accepted);
    }

    /// <summary>Everything in the text format that Prometheus reads (version 0.0.4).</summary>
    public string ToPrometheus(RecommenderStatus? status)
    {
        var text = new StringBuilder(8192);
        Gauge(text, "recsys_uptime_seconds", "Seconds since the service started.", Uptime);
        Gauge(text, "recsys_requests_in_progress", "Requests being answered.", Volatile.Read(ref _inProgress));
        Head(text, "recsys_events_total", "counter", "Events accepted, and events that had been accepted before.");
        Line(text, "recsys_events_total{result=\"accepted\"}", EventsAccepted);
        Line(text, "recsys_events_total{result=\"duplicate\"}", Volatile.Read(ref _eventsDuplicate));
        if (status is not null)
        {
            Head(text, "recsys_model_info", "gauge", "The default model.");
            Line(text, $"recsys_model_info{{model=\"{Escape(status.Model)}\",version=\"{Escape(status.Version)}\"}}", 1);
            Gauge(text, "recsys_users", "Known users.", status.Users);
            Gauge(text, "recsys_items", "Known items.", status.Items);
            Gauge(text, "recsys_interactions", "User-item pairs.", status.Interactions);
        }

        WriteRequests(text);
        using var process = Process.GetCurrentProcess();
        Gauge(text, "process_resident_memory_bytes", "Memory of the process.", process.WorkingSet64);
        Head(text, "process_cpu_seconds_total", "counter", "Processor time.");
        Line(text, "process_cpu_seconds_total", process.TotalProcessorTime.TotalSeconds);
        Gauge(text, "dotnet_gc_heap_bytes", "Bytes of the managed heap.", GC.GetTotalMemory(forceFullCollection: false));
        Head(text, "dotnet_gc_collections_total", "counter", "Garbage collections by generation.");
        for (int generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            Line(text, $"dotnet_gc_collections_total{{generation=\"{generation}\"}}", GC.CollectionCount(generation));
        }

        return text.ToString();
    }

    private void WriteRequests(StringBuilder text)
    {
        Head(text, "recsys_http_requests_total", "counter", "Requests by route and class of status.");
        foreach (var route in _routes)
        {
            for (int c = 1; c <= 5; c++)
            {
                if (route.OfClass(c) is > 0 and long count)
                {
                    Line(text, $"recsys_http_requests_total{{method=\"{route.Method}\",route=\"{route.Pattern}\",status=\"{c}xx\"}}", count);
                }
            }
        }

        Head(text, "recsys_http_request_duration_seconds", "histogram", "Time from a request's headers to the end of its answer.");
        foreach (var route in _routes.Where(r => r.Latency.Count > 0))
        {
            string labels = $"method=\"{route.Method}\",route=\"{route.Pattern}\"";
            foreach (double bound in Bounds)
            {
                string le = bound.ToString(CultureInfo.InvariantCulture);
                Line(text, $"recsys_http_request_duration_seconds_bucket{{{labels},le=\"{le}\"}}", route.Latency.CountUpTo((long)(bound * 1e6)));
            }

            long count = route.Latency.Count;
            Line(text, $"recsys_http_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}}", count);
            Line(text, $"recsys_http_request_duration_seconds_sum{{{labels}}}", route.Latency.Sum / 1e6);
            Line(text, $"recsys_http_request_duration_seconds_count{{{labels}}}", count);
        }
    }

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).ReplaceLineEndings("\\n");

    private static void Gauge(StringBuilder text, string name, string help, double value)
    {
        Head(text, name, "gauge", help);
        Line(text, name, value);
    }

    private static void Head(StringBuilder text, string name, string type, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static void Line(StringBuilder text, string name, double value) =>
        text.Append(name).Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
}
