using System.Text.Json;
using Recsys.Engine.Serving;

namespace Recsys.Api.Endpoints;

/// <summary>Writes <c>{"user":…,"model":…,"fallback":…,"items":[…]}</c> straight from what the recommender returned.</summary>
internal static class RecommendationWriter
{
    private static readonly JsonEncodedText User = JsonEncodedText.Encode("user");
    private static readonly JsonEncodedText Model = JsonEncodedText.Encode("model");
    private static readonly JsonEncodedText Fallback = JsonEncodedText.Encode("fallback");
    private static readonly JsonEncodedText Items = JsonEncodedText.Encode("items");
    private static readonly JsonEncodedText Id = JsonEncodedText.Encode("id");
    private static readonly JsonEncodedText Item = JsonEncodedText.Encode("item");
    private static readonly JsonEncodedText Score = JsonEncodedText.Encode("score");
    private static readonly JsonEncodedText Reasons = JsonEncodedText.Encode("reasons");
    private static readonly JsonEncodedText Contribution = JsonEncodedText.Encode("contribution");
    private static readonly JsonEncodedText Name = JsonEncodedText.Encode("name");

    public static void Write(Utf8JsonWriter json, string? user, RecommendationList list, bool names)
    {
        json.WriteStartObject();
        json.WriteString(User, user);
        json.WriteString(Model, list.Model);
        json.WriteBoolean(Fallback, list.Fallback);
        json.WriteStartArray(Items);
        for (int i = 0; i < list.Items.Count; i++)
        {
            var item = list.Items[i];
            json.WriteStartObject();
            json.WriteString(Id, item.Id);
            json.WriteNumber(Score, item.Score);
            json.WriteStartArray(Reasons);
            foreach (var reason in item.Reasons ?? [])
            {
                json.WriteStartObject();
                json.WriteString(Item, reason.Item);
                json.WriteNumber(Contribution, reason.Contribution);
                WriteName(json, reason.Name, names);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            WriteName(json, item.Name, names);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteName(Utf8JsonWriter json, string? name, bool wanted)
    {
        if (wanted && name is not null)
        {
            json.WriteString(Name, name);
        }
    }
}
