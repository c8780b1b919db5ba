using Recsys.Api.Contract;
using Recsys.Api.Hosting;
using Recsys.Api.Security;
using Recsys.Engine.Serving;

namespace Recsys.Api.Endpoints;

/// <summary>Items: what they are, what is like them, and search.</summary>
internal sealed class CatalogueEndpoints(ServiceContext service)
{
    private const string Tag = "items";
    private const int ItemSegment = 3;
    private const int MostHits = 100;
    private const int MostFeatures = 1000;

    private readonly IReadOnlyList<RouteParameter> _similar =
    [
        new("n", "integer", "How many items.") { Default = "20", Minimum = 1, Maximum = service.Options.MaxCount },
        new("opposite", "boolean", "Items that suppress this one instead.") { Default = "false" },
        new("model", "string", "Which model; the default one where it is not named."),
        new("names", "boolean", "Whether to add display names.") { Default = "false" },
    ];

    private readonly IReadOnlyList<RouteParameter> _search =
    [
        new("q", "string", "Part of an id or name.") { Required = true },
        new("kind", "string", "What to search.") { Default = "item", Values = ["item", "user"] },
        new("limit", "integer", "How many at most.") { Default = "20", Minimum = 1, Maximum = MostHits },
    ];

    private IRecommender Recommender => service.Parts.Recommender;

    private IItemWriter Writer => service.Parts.Items
        ?? throw ApiException.NotImplemented("this service has no store of items; start it with --data DIR");

    public IEnumerable<ApiRoute> Routes() =>
    [
        new(HttpMethods.Get, "/api/v1/items/{id}", Tag, Access.Read, "What is known of an item", GetAsync)
        {
            Operation = "getItem",
            Reply = ApiJson.Default.ItemReply,
            Errors = [(404, "The item is unknown.")],
        },
        new(HttpMethods.Get, "/api/v1/items/{id}/similar", Tag, Access.Read, "Items like an item, or those that suppress it", SimilarAsync)
        {
            Operation = "similarItems",
            Query = _similar,
            Reply = ApiJson.Default.SimilarReply,
            Errors = [(404, "The item is unknown.")],
        },
        new(HttpMethods.Put, "/api/v1/items/{id}", Tag, Access.Write, "Adds or replaces what is known of an item", PutAsync)
        {
            Operation = "putItem",
            Body = ApiJson.Default.ItemBody,
            Success = StatusCodes.Status204NoContent,
            Errors = [(501, "The service has no store.")],
        },
        new(HttpMethods.Delete, "/api/v1/items/{id}", Tag, Access.Write, "Deletes an item: it is not recommended any more", DeleteAsync)
        {
            Operation = "deleteItem",
            Success = StatusCodes.Status204NoContent,
            Errors = [(404, "The item is unknown."), (501, "The service has no store.")],
        },
        new(HttpMethods.Get, "/api/v1/search", Tag, Access.Read, "Items or users by part of an id or name", SearchAsync)
        {
            Operation = "search",
            Query = _search,
            Reply = ApiJson.Default.SearchReply,
        },
        new(HttpMethods.Get, "/api/v1/categories", Tag, Access.Read, "Categories and how many items each has", CategoriesAsync)
        {
            Operation = "listCategories",
            Reply = ApiJson.Default.CategoriesReply,
        },
    ];

    private async Task CategoriesAsync(HttpContext context)
    {
        var categories = await Recommender.GetCategoriesAsync(context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.SendAsync(
            context, new CategoriesReply([.. categories.Select(c => new CategoryReply(c.Name, c.Items))]), ApiJson.Default.CategoriesReply).ConfigureAwait(false);
    }

    private async Task GetAsync(HttpContext context)
    {
        string id = PathId.Get(context, ItemSegment);
        var item = await Recommender.GetItemAsync(id, context.RequestAborted).ConfigureAwait(false)
            ?? throw ApiException.NotFound("the item is unknown");
        await JsonAnswer.SendAsync(
            context, new ItemReply(item.Id, item.Name, item.Categories, item.Available, item.Users), ApiJson.Default.ItemReply).ConfigureAwait(false);
    }

    private async Task SimilarAsync(HttpContext context)
    {
        string id = PathId.Get(context, ItemSegment);
        var (query, names) = ReadSimilar(context.Request, id);
        var list = await Recommender.SimilarAsync(query, context.RequestAborted).ConfigureAwait(false);
        var items = list.Items.Select(i => new SimilarItemReply(i.Id, i.Score, names ? i.Name : null));
        await JsonAnswer.SendAsync(context, new SimilarReply(id, list.Model, [.. items]), ApiJson.Default.SimilarReply).ConfigureAwait(false);
    }

    private (SimilarQuery Query, bool Names) ReadSimilar(HttpRequest request, string id)
    {
        var query = new SimilarQuery(id);
        bool names = false;
        var reader = new QueryReader(request);
        while (reader.Next())
        {
            switch (reader.Name)
            {
                case "n":
                    reader.Once(0);
                    query = query with { Count = reader.Int(1, service.Options.MaxCount) };
                    break;
                case "opposite":
                    reader.Once(1);
                    query = query with { Opposite = reader.Flag() };
                    break;
                case "model":
                    reader.Once(2);
                    query = query with { Model = reader.Text() };
                    break;
                case "names":
                    reader.Once(3);
                    names = reader.Flag();
                    break;
                default:
                    throw reader.Unknown(_similar);
            }
        }

        return (query, names);
    }

    private async Task SearchAsync(HttpContext context)
    {
        var (text, kind, limit) = ReadSearch(context.Request);
        var hits = await Recommender.SearchAsync(kind, text, limit, context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.SendAsync(
            context, new SearchReply([.. hits.Select(h => new HitReply(h.Id, h.Name))]), ApiJson.Default.SearchReply).ConfigureAwait(false);
    }

    private (string Text, SearchKind Kind, int Limit) ReadSearch(HttpRequest request)
    {
        string? text = null;
        var kind = SearchKind.Item;
        int limit = 20;
        var reader = new QueryReader(request);
        while (reader.Next())
        {
            switch (reader.Name)
            {
                case "q":
                    reader.Once(0);
                    text = reader.Text();
                    break;
                case "kind":
                    reader.Once(1);
                    kind = reader.Text() switch
                    {
                        "item" => SearchKind.Item,
                        "user" => SearchKind.User,
                        _ => throw ApiException.BadRequest("parameter 'kind': expected item or user"),
                    };
                    break;
                case "limit":
                    reader.Once(2);
                    limit = reader.Int(1, MostHits);
                    break;
                default:
                    throw reader.Unknown(_search);
            }
        }

        return (text ?? throw ApiException.BadRequest("parameter 'q' is needed"), kind, limit);
    }

    private async Task PutAsync(HttpContext context)
    {
        string id = PathId.Get(context, ItemSegment);
        var writer = Writer;
        var body = await BodyReader.ReadAsync(context, ApiJson.Default.ItemBody).ConfigureAwait(false);
        await writer.UpsertAsync([ToUpdate(body, id)], context.RequestAborted).ConfigureAwait(false);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task DeleteAsync(HttpContext context)
    {
        string id = PathId.Get(context, ItemSegment);
        if (!await Writer.DeleteAsync(id, context.RequestAborted).ConfigureAwait(false))
        {
            throw ApiException.NotFound("the item is unknown");
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    internal static ItemUpdate ToUpdate(ItemBody body, string? id)
    {
        if (id is not null && body.Id is not null && body.Id != id)
        {
            throw ApiException.BadRequest("id: it differs from the one in the address");
        }

        Texts.CheckId(id ?? body.Id, "id");
        Texts.Check(body.Name, "name");
        if (body.Categories.Count > QueryParameters.MostCategories || body.Features.Count > MostFeatures)
        {
            throw ApiException.BadRequest($"more than {QueryParameters.MostCategories} categories or {MostFeatures} features");
        }

        foreach (string? category in body.Categories)
        {
            Texts.CheckId(category, "categories");
        }

        foreach (var (name, value) in body.Features)
        {
            Texts.CheckId(name, "features");
            if (!(Math.Abs(value) <= 1e6f))
            {
                throw ApiException.BadRequest("features: expected numbers from -1000000 to 1000000");
            }
        }

        return new ItemUpdate(id ?? body.Id!)
        {
            Name = body.Name,
            Categories = [.. body.Categories.Distinct(StringComparer.OrdinalIgnoreCase)],
            Available = body.Available,
            Features = body.Features,
        };
    }
}
