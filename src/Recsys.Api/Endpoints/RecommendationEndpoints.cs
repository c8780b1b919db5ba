using Recsys.Api.Contract;
using Recsys.Api.Hosting;
using Recsys.Api.Security;
using Recsys.Engine.Serving;

namespace Recsys.Api.Endpoints;

/// <summary>Recommendations for a user, a history, many at once, or anyone.</summary>
internal sealed class RecommendationEndpoints(ServiceContext service)
{
    private const string Tag = "recommendations";
    public const string VersionHeader = "Recsys-Model-Version";
    private const int MostQueries = 1000;
    private const int UserSegment = 3;

    private readonly IReadOnlyList<RouteParameter> _parameters = QueryParameters.Recommendation(service.Options);

    private IRecommender Recommender => service.Parts.Recommender;

    public IEnumerable<ApiRoute> Routes() =>
    [
        new(HttpMethods.Get, "/api/v1/users/{id}/recommendations", Tag, Access.Read, "Items for a user", ForUserAsync)
        {
            Operation = "recommendForUser",
            Query = _parameters,
            Reply = ApiJson.Default.RecommendationReply,
            Description = "An unknown user gets popular items and \"fallback\": true. The header Recsys-Model-Version names the version of the model.",
        },
        new(HttpMethods.Post, "/api/v1/recommendations", Tag, Access.Read, "Items for a user or for a history in the body", ForBodyAsync)
        {
            Operation = "recommend",
            Body = ApiJson.Default.RecommendationBody,
            Reply = ApiJson.Default.RecommendationReply,
        },
        new(HttpMethods.Post, "/api/v1/recommendations/batch", Tag, Access.Read, "Items for many users or histories", ForBatchAsync)
        {
            Operation = "recommendBatch",
            Body = ApiJson.Default.BatchBody,
            Reply = ApiJson.Default.BatchReply,
        },
        new(HttpMethods.Get, "/api/v1/popular", Tag, Access.Read, "Popular items", PopularAsync)
        {
            Operation = "popular",
            Query = _parameters,
            Reply = ApiJson.Default.RecommendationReply,
            Description = "Ranked by the share of users who have the item.",
        },
    ];

    private Task ForUserAsync(HttpContext context)
    {
        string user = PathId.Get(context, UserSegment);
        var (query, names) = QueryParameters.Read(context.Request, user, service.Options, _parameters);
        return AnswerAsync(context, query, names);
    }

    private Task PopularAsync(HttpContext context)
    {
        var (query, names) = QueryParameters.Read(context.Request, null, service.Options, _parameters);
        return AnswerAsync(context, query, names);
    }

    private async Task ForBodyAsync(HttpContext context)
    {
        var body = await BodyReader.ReadAsync(context, ApiJson.Default.RecommendationBody).ConfigureAwait(false);
        await AnswerAsync(context, QueryParameters.FromBody(body, service.Options, ""), body.Names).ConfigureAwait(false);
    }

    private async Task ForBatchAsync(HttpContext context)
    {
        var body = await BodyReader.ReadAsync(context, ApiJson.Default.BatchBody).ConfigureAwait(false);
        if (body.Queries.Count > MostQueries)
        {
            throw ApiException.BadRequest($"queries: more than {MostQueries}");
        }

        var queries = body.Queries
            .Select((q, i) => QueryParameters.FromBody(
                q ?? throw ApiException.BadRequest($"queries[{i}]: expected an object, found null"), service.Options, $"queries[{i}]."))
            .ToArray();
        var lists = new RecommendationList[queries.Length];
        for (int q = 0; q < queries.Length; q++)
        {
            context.RequestAborted.ThrowIfCancellationRequested();
            lists[q] = await Recommender.RecommendAsync(queries[q], context.RequestAborted).ConfigureAwait(false);
        }

        await JsonAnswer.SendAsync(context, (queries, lists, body), static (json, state) =>
        {
            json.WriteStartObject();
            json.WriteStartArray("results");
            for (int q = 0; q < state.lists.Length; q++)
            {
                RecommendationWriter.Write(json, state.queries[q].User, state.lists[q], state.body.Queries[q].Names);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    private Task AnswerAsync(HttpContext context, RecommendationQuery query, bool names)
    {
        var pending = Recommender.RecommendAsync(query, context.RequestAborted);
        return pending.IsCompletedSuccessfully
            ? SendAsync(context, query.User, pending.Result, names)
            : AwaitedAsync(context, query.User, pending, names);

        static async Task AwaitedAsync(HttpContext context, string? user, ValueTask<RecommendationList> pending, bool names) =>
            await SendAsync(context, user, await pending.ConfigureAwait(false), names).ConfigureAwait(false);
    }

    private static Task SendAsync(HttpContext context, string? user, RecommendationList list, bool names)
    {
        context.Response.Headers[VersionHeader] = list.Version;
        return JsonAnswer.SendAsync(
            context, (user, list, names), static (json, state) => RecommendationWriter.Write(json, state.user, state.list, state.names));
    }
}
