using System.ComponentModel;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Recsys.Api.Contract;
using Recsys.Api.Hosting;
using Recsys.Api.Security;

namespace Recsys.Api.OpenApi;

/// <summary>The OpenAPI 3.1 document, written from the same table that the routes are mapped from.</summary>
internal static class OpenApiDocument
{
    public const string Path = "/openapi/v1.json";

    private static readonly (string Name, string Summary)[] Tags =
    [
        ("recommendations", "Ranked items for users, histories or anyone."),
        ("items", "What is known of items, and their neighbourhoods."),
        ("events", "What users do."),
        ("users", "Histories; forgetting."),
        ("models", "Versions of models."),
        ("training", "Training jobs."),
        ("transfer", "Export and import, one JSON object a line."),
        ("status", "Health, status, metrics."),
    ];

    public static ApiRoute Route(byte[] document) => new(
        HttpMethods.Get, Path, "status", Access.None, "This document", context =>
        {
            context.Response.ContentType = JsonAnswer.ContentType;
            context.Response.ContentLength = document.Length;
            return context.Response.Body.WriteAsync(document).AsTask();
        })
    {
        Operation = "openApi",
    };

    public static byte[] Write(IReadOnlyList<ApiRoute> routes)
    {
        var schemas = new SortedDictionary<string, JsonNode>(StringComparer.Ordinal);
        Reference(schemas, ApiJson.Default.ProblemReply);
        var paths = new JsonObject();
        foreach (var group in routes.Append(Route([])).GroupBy(r => r.Pattern))
        {
            var path = new JsonObject();
            foreach (var route in group)
            {
                path[route.Method.ToLowerInvariant()] = Operation(route, schemas);
            }

            paths[group.Key] = path;
        }

        var document = new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Recsys",
                ["version"] = "v1",
                ["description"] = "Collaborative filtering as a service: recommendations with reasons, events, models, training.",
            },
            ["tags"] = new JsonArray([.. Tags.Select(t => (JsonNode)new JsonObject { ["name"] = t.Name, ["description"] = t.Summary })]),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = new JsonObject(schemas.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value))),
                ["securitySchemes"] = new JsonObject
                {
                    ["key"] = new JsonObject
                    {
                        ["type"] = "http",
                        ["scheme"] = "bearer",
                        ["description"] = "An API key; not needed where the service runs without keys.",
                    },
                },
            },
        };
        return JsonAnswer.ToUtf8(document, ApiJson.Default.JsonObject);
    }

    private static JsonObject Operation(ApiRoute route, SortedDictionary<string, JsonNode> schemas)
    {
        var operation = new JsonObject
        {
            ["operationId"] = route.Operation,
            ["tags"] = new JsonArray(route.Tag),
            ["summary"] = route.Summary,
        };
        if (route.Description is not null)
        {
            operation["description"] = route.Description;
        }

        var parameters = new JsonArray([.. PathParameters(route.Pattern), .. route.Query.Select(Parameter)]);
        if (parameters.Count > 0)
        {
            operation["parameters"] = parameters;
        }

        if (route.Body is not null)
        {
            operation["requestBody"] = new JsonObject
            {
                ["required"] = !route.BodyOptional,
                ["content"] = new JsonObject { [route.BodyType] = new JsonObject { ["schema"] = Reference(schemas, route.Body) } },
            };
        }

        operation["responses"] = Responses(route, schemas);
        if (route.Access != Access.None)
        {
            operation["security"] = new JsonArray(new JsonObject { ["key"] = new JsonArray() });
            operation["x-access"] = route.Access.ToString().ToLowerInvariant();
        }

        return operation;
    }

    private static JsonObject Responses(ApiRoute route, SortedDictionary<string, JsonNode> schemas)
    {
        var success = new JsonObject { ["description"] = route.Summary };
        if (route.Reply is not null)
        {
            success["content"] = new JsonObject { [route.ReplyType] = new JsonObject { ["schema"] = Reference(schemas, route.Reply) } };
        }
        else if (route.Success == StatusCodes.Status200OK)
        {
            success["content"] = new JsonObject { [route.ReplyType] = new JsonObject() };
        }

        var responses = new JsonObject { [Text(route.Success)] = success };
        var errors = new SortedDictionary<int, string> { [400] = "The request is not valid." };
        if (route.Access != Access.None)
        {
            errors[401] = "An API key is needed.";
            errors[403] = "The API key does not allow this.";
        }

        if (route.Body is not null)
        {
            errors[413] = "The body is too large.";
            errors[415] = "The body is of another media type.";
        }

        errors[429] = "Too many requests.";
        foreach (var (status, when) in route.Errors)
        {
            errors[status] = when;
        }

        foreach (var (status, when) in errors)
        {
            responses[Text(status)] = new JsonObject
            {
                ["description"] = when,
                ["content"] = new JsonObject
                {
                    [Problem.ContentType] = new JsonObject { ["schema"] = Reference(schemas, ApiJson.Default.ProblemReply) },
                },
            };
        }

        return responses;
    }

    private static IEnumerable<JsonNode> PathParameters(string pattern) =>
        pattern.Split('/').Where(s => s.StartsWith('{')).Select(s => (JsonNode)new JsonObject
        {
            ["name"] = s.Trim('{', '}'),
            ["in"] = "path",
            ["required"] = true,
            ["description"] = "Percent-encoded UTF-8.",
            ["schema"] = new JsonObject { ["type"] = "string", ["minLength"] = 1, ["maxLength"] = Texts.MostCharacters },
        });

    private static JsonNode Parameter(RouteParameter parameter)
    {
        var schema = new JsonObject { ["type"] = parameter.Type };
        switch (parameter.Type)
        {
            case "array":
                schema["items"] = new JsonObject { ["type"] = "string" };
                break;
            case "integer":
                schema["minimum"] = parameter.Minimum;
                schema["maximum"] = parameter.Maximum;
                break;
        }

        if (parameter.Values is not null)
        {
            schema["enum"] = new JsonArray([.. parameter.Values.Select(v => (JsonNode)JsonValue.Create(v))]);
        }

        if (parameter.Default is not null)
        {
            schema["default"] = parameter.Type == "string" ? JsonValue.Create(parameter.Default) : JsonNode.Parse(parameter.Default);
        }

        return new JsonObject
        {
            ["name"] = parameter.Name,
            ["in"] = "query",
            ["required"] = parameter.Required,
            ["description"] = parameter.Summary,
            ["schema"] = schema,
        };
    }

    private static JsonObject Reference(SortedDictionary<string, JsonNode> schemas, JsonTypeInfo type)
    {
        string name = type.Type.Name;
        if (!schemas.ContainsKey(name))
        {
            schemas[name] = type.GetJsonSchemaAsNode(new JsonSchemaExporterOptions
            {
                TreatNullObliviousAsNonNullable = true,
                TransformSchemaNode = Describe,
            });
        }

        return new JsonObject { ["$ref"] = "#/components/schemas/" + name };
    }

    private static JsonNode Describe(JsonSchemaExporterContext context, JsonNode schema)
    {
        var provider = context.PropertyInfo?.AttributeProvider;
        string? text = provider?.GetCustomAttributes(typeof(DescriptionAttribute), inherit: true).OfType<DescriptionAttribute>().FirstOrDefault()?.Description;
        if (text is not null && schema is JsonObject described)
        {
            described.Insert(0, "description", text);
        }

        return schema;
    }

    private static string Text(int status) => status.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
