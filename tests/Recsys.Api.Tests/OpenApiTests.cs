using System.Net;
using System.Text.Json;

namespace Recsys.Api.Tests;

public sealed class OpenApiTests : IAsyncLifetime
{
    private TestService _service = null!;

    public async Task InitializeAsync() => _service = await TestService.StartAsync();

    public async Task DisposeAsync() => await _service.DisposeAsync();

    [Fact]
    public async Task Every_documented_operation_answers_and_every_other_method_is_refused_with_those_that_are_documented()
    {
        var document = await _service.GetAsync("/openapi/v1.json");
        Assert.Equal("3.1.0", document.GetProperty("openapi").GetString());
        int operations = 0;
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            string address = path.Name.Replace("{id}", "x", StringComparison.Ordinal).Replace("{model}", "x", StringComparison.Ordinal);
            var documented = path.Value.EnumerateObject().Select(o => o.Name.ToUpperInvariant()).Order().ToList();
            operations += documented.Count;
            using var request = new HttpRequestMessage(HttpMethod.Patch, address);
            using var response = await _service.Client.SendAsync(request);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
            Assert.Equal(documented, response.Content.Headers.Allow.Order());
        }

        Assert.True(operations >= 25, $"{operations} operations");
    }

    [Fact]
    public async Task The_document_and_the_mapped_routes_are_the_same_set()
    {
        var document = await _service.GetAsync("/openapi/v1.json");
        var documented = document.GetProperty("paths").EnumerateObject()
            .SelectMany(p => p.Value.EnumerateObject().Select(o => $"{o.Name.ToUpperInvariant()} {p.Name}"))
            .Order(StringComparer.Ordinal)
            .ToList();
        Assert.Equal(_service.Routes.Order(StringComparer.Ordinal), documented);
    }

    [Fact]
    public async Task Every_operation_is_complete_and_every_reference_resolves()
    {
        var document = await _service.GetAsync("/openapi/v1.json");
        var schemas = document.GetProperty("components").GetProperty("schemas");
        var ids = new HashSet<string>();
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject().Select(o => o.Value))
            {
                Assert.True(ids.Add(operation.GetProperty("operationId").GetString()!));
                Assert.False(string.IsNullOrEmpty(operation.GetProperty("summary").GetString()));
                Assert.Contains(operation.GetProperty("responses").EnumerateObject(), r => r.Name.StartsWith('2'));
                var inPath = path.Name.Split('/').Where(s => s.StartsWith('{')).Select(s => s.Trim('{', '}'));
                var parameters = operation.TryGetProperty("parameters", out var list) ? list.EnumerateArray().ToList() : [];
                Assert.Equal(inPath, parameters.Where(p => p.GetProperty("in").GetString() == "path").Select(p => p.GetProperty("name").GetString()!));
            }
        }

        foreach (string reference in References(document))
        {
            Assert.True(schemas.TryGetProperty(reference["#/components/schemas/".Length..], out _), reference);
        }
    }

    [Fact]
    public async Task Documented_query_parameters_are_taken_and_others_are_not()
    {
        var document = await _service.GetAsync("/openapi/v1.json");
        foreach (var path in document.GetProperty("paths").EnumerateObject().Where(p => p.Value.TryGetProperty("get", out _)))
        {
            string address = path.Name.Replace("{id}", "x", StringComparison.Ordinal);
            using var unknown = await _service.Client.GetAsync($"{address}?no-such-parameter=1");
            Assert.Equal(HttpStatusCode.BadRequest, unknown.StatusCode);
            var operation = path.Value.GetProperty("get");
            foreach (var parameter in operation.TryGetProperty("parameters", out var list) ? list.EnumerateArray().ToList() : [])
            {
                if (parameter.GetProperty("in").GetString() == "query")
                {
                    string name = parameter.GetProperty("name").GetString()!;
                    var schema = parameter.GetProperty("schema");
                    string value = schema.GetProperty("type").GetString() switch { "integer" => "1", "boolean" => "true", _ => schema.TryGetProperty("enum", out var e) ? e[0].GetString()! : "ease" };
                    string required = name != "q" && address.EndsWith("search", StringComparison.Ordinal) ? "&q=a" : "";
                    using var response = await _service.Client.GetAsync($"{address}?{name}={value}{required}");
                    Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound, $"{address} {name}: {response.StatusCode}");
                }
            }
        }
    }

    [Fact]
    public async Task A_recommendation_is_what_its_schema_says()
    {
        var document = await _service.GetAsync("/openapi/v1.json");
        var schema = document.GetProperty("components").GetProperty("schemas").GetProperty("RecommendationReply");
        var answer = await _service.GetAsync($"/api/v1/users/{RecommendationTests.User(0)}/recommendations?explain=true&names=true");
        AssertMembers(schema, answer);
        var item = schema.GetProperty("properties").GetProperty("items").GetProperty("items");
        AssertMembers(item, answer.GetProperty("items")[0]);
    }

    private static void AssertMembers(JsonElement schema, JsonElement value)
    {
        var known = schema.GetProperty("properties").EnumerateObject().Select(p => p.Name).ToHashSet();
        Assert.All(RecommendationTests.Names(value), name => Assert.Contains(name, known));
        foreach (var required in schema.GetProperty("required").EnumerateArray())
        {
            Assert.True(value.TryGetProperty(required.GetString()!, out _), required.GetString());
        }
    }

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(p =>
            p.Name == "$ref" ? [p.Value.GetString()!] : References(p.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
