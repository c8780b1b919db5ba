using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Recsys.Engine.Data.Synthetic;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;

namespace Recsys.Api.Tests;

/// <summary>A service on a free port over two models of a small made-up bookshop.</summary>
internal sealed class TestService : IAsyncDisposable
{
    private static readonly Lazy<SyntheticCatalogue> Shop =
        new(() => SyntheticCatalogue.Create(new SyntheticOptions { Users = 300, Items = 200, Seed = 7 }));

    private readonly WebApplication _app;
    private readonly TrainingJobs _training;

    private TestService(WebApplication app, TrainingJobs training, ModelLibrary library, ItemStore items, MemoryIngest? events, TestLog log)
    {
        _app = app;
        _training = training;
        Library = library;
        Items = items;
        Events = events;
        Log = log;
        Address = new Uri(app.Urls.First());
        Client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };
    }

    public static SyntheticCatalogue Catalogue => Shop.Value;

    public Uri Address { get; }

    /// <summary>The endpoints that are mapped, the page's files apart.</summary>
    public IReadOnlyList<string> Routes =>
        [.. ((IEndpointRouteBuilder)_app).DataSources.SelectMany(d => d.Endpoints).OfType<RouteEndpoint>()
            .Where(e => e.RoutePattern.RawText != "/" && !e.RoutePattern.RawText!.StartsWith("/page/", StringComparison.Ordinal))
            .SelectMany(e => e.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Select(m => $"{m} {e.RoutePattern.RawText}"))];

    public HttpClient Client { get; }

    public ModelLibrary Library { get; }

    public ItemStore Items { get; }

    public MemoryIngest? Events { get; }

    public TestLog Log { get; }

    public static async Task<TestService> StartAsync(ServiceOptions? options = null, bool store = true)
    {
        var library = new ModelLibrary();
        library.Add("ease", Train("ease", ("regularization", "50")));
        library.Add("popularity", Train("popularity"));
        var items = new ItemStore();
        items.Upsert(Catalogue.Items.Select(i => new ItemUpdate(i.Id) { Name = i.Title, Categories = [i.Genre] }));
        var training = TrainingJobs.OnHistories(library);
        var events = store ? new MemoryIngest() : null;
        var log = new TestLog();
        var recommender = new ModelRecommender(library, items);
        var app = RecsysService.Build(
            new ServiceParts(recommender)
            {
                Onboarding = recommender,
                Models = library,
                Histories = library,
                Catalogue = items,
                Training = training,
                Events = events,
                Items = store ? new MemoryItems(items) : null,
                Forget = store ? new NoForget() : null,
                Ready = () => library.IsReady,
            },
            (options ?? new ServiceOptions()) with { Urls = ["http://127.0.0.1:0"] },
            log);
        await app.StartAsync();
        return new TestService(app, training, library, items, events, log);
    }

    public static IRecommenderModel Train(string algorithm, params (string Name, string Value)[] options) =>
        Algorithms.Get(algorithm).Train(Catalogue.Data, new OptionBag(options.Select(o => KeyValuePair.Create(o.Name, o.Value))));

    public async Task<JsonElement> GetAsync(string path, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var response = await Client.GetAsync(path);
        return await ReadAsync(response, expected);
    }

    public async Task<JsonElement> PostAsync(
        string path, string json, HttpStatusCode expected = HttpStatusCode.OK, string type = "application/json")
    {
        using var content = new StringContent(json, Encoding.UTF8);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        using var response = await Client.PostAsync(path, content);
        return await ReadAsync(response, expected);
    }

    public async Task<HttpStatusCode> SendAsync(HttpMethod method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }

        using var response = await Client.SendAsync(request);
        return response.StatusCode;
    }

    public static async Task<JsonElement> ReadAsync(HttpResponseMessage response, HttpStatusCode expected)
    {
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == expected, $"{(int)response.StatusCode}, {(int)expected} was expected: {text}");
        if ((int)response.StatusCode >= 400)
        {
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        }

        return JsonDocument.Parse(text).RootElement;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _training.DisposeAsync();
        Library.Dispose();
    }

    /// <summary>Keeps what is logged.</summary>
    internal sealed class TestLog : ILoggerProvider, ILogger
    {
        private readonly List<string> _lines = [];

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (_lines)
                {
                    return [.. _lines];
                }
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_lines)
            {
                _lines.Add($"{logLevel}: {formatter(state, exception)} {exception}");
            }
        }

        public void Dispose()
        {
        }
    }

    /// <summary>Knows of nobody.</summary>
    private sealed class NoForget : IUserForget
    {
        public ValueTask<bool> ForgetAsync(string user, CancellationToken cancellationToken = default) => new(false);
    }

    private sealed class MemoryItems(ItemStore items) : IItemWriter
    {
        public ValueTask UpsertAsync(IReadOnlyList<ItemUpdate> updates, CancellationToken cancellationToken = default)
        {
            items.Upsert(updates);
            return ValueTask.CompletedTask;
        }

        public ValueTask<bool> DeleteAsync(string item, CancellationToken cancellationToken = default)
        {
            bool known = items.Find(item) is not null;
            if (known)
            {
                items.Delete(item);
            }

            return new(known);
        }
    }
}
