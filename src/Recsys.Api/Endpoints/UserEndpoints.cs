using Recsys.Api.Contract;
using Recsys.Api.Hosting;
using Recsys.Api.Security;

namespace Recsys.Api.Endpoints;

/// <summary>Users: their histories, and forgetting them.</summary>
internal sealed class UserEndpoints(ServiceContext service)
{
    private const string Tag = "users";
    private const int UserSegment = 3;

    public IEnumerable<ApiRoute> Routes() =>
    [
        new(HttpMethods.Get, "/api/v1/users/{id}", Tag, Access.Read, "A user's history", GetAsync)
        {
            Operation = "getUser",
            Query = [new("names", "boolean", "Whether to add display names of items.") { Default = "false" }],
            Reply = ApiJson.Default.UserReply,
            Errors = [(404, "Nothing is known of the user.")],
        },
        new(HttpMethods.Delete, "/api/v1/users/{id}", Tag, Access.Admin, "Forgets a user: the history and what was learned from it", DeleteAsync)
        {
            Operation = "forgetUser",
            Success = StatusCodes.Status204NoContent,
            Errors = [(404, "Nothing is known of the user."), (501, "The service has no event store.")],
        },
    ];

    private async Task GetAsync(HttpContext context)
    {
        string id = PathId.Get(context, UserSegment);
        bool names = ReadNames(context.Request);
        var recommender = service.Parts.Recommender;
        var user = await recommender.GetUserAsync(id, context.RequestAborted).ConfigureAwait(false)
            ?? throw ApiException.NotFound("nothing is known of the user");
        var history = new HistoryReply[user.History.Count];
        for (int i = 0; i < history.Length; i++)
        {
            var entry = user.History[i];
            string? name = names ? (await recommender.GetItemAsync(entry.Item, context.RequestAborted).ConfigureAwait(false))?.Name : null;
            history[i] = new HistoryReply(entry.Item, entry.Weight, name);
        }

        await JsonAnswer.SendAsync(context, new UserReply(user.Id, history), ApiJson.Default.UserReply).ConfigureAwait(false);
    }

    private static bool ReadNames(HttpRequest request)
    {
        bool names = false;
        var reader = new QueryReader(request);
        while (reader.Next())
        {
            if (!reader.Name.SequenceEqual("names"))
            {
                throw reader.Unknown([new("names", "boolean", "")]);
            }

            reader.Once(0);
            names = reader.Flag();
        }

        return names;
    }

    private async Task DeleteAsync(HttpContext context)
    {
        string id = PathId.Get(context, UserSegment);
        var forget = service.Parts.Forget ?? throw ApiException.NotImplemented("this service has no event store; start it with --data DIR");
        if (!await forget.ForgetAsync(id, context.RequestAborted).ConfigureAwait(false))
        {
            throw ApiException.NotFound("nothing is known of the user");
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}
