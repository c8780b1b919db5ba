using System.Text.Json.Serialization;

namespace Recsys.Api.Contract;

/// <summary>
/// How bodies are read and written: camel case, unknown and doubled members refused, numbers as numbers, nesting
/// bounded. Generated at build time: no reflection at start or in requests.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    PropertyNameCaseInsensitive = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    MaxDepth = 16,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(RecommendationBody))]
[JsonSerializable(typeof(BatchBody))]
[JsonSerializable(typeof(OnboardingBody))]
[JsonSerializable(typeof(NewUserBody))]
[JsonSerializable(typeof(OnboardingReply))]
[JsonSerializable(typeof(NewUserReply))]
[JsonSerializable(typeof(EventBody))]
[JsonSerializable(typeof(EventBatchBody))]
[JsonSerializable(typeof(ItemBody))]
[JsonSerializable(typeof(TrainingBody))]
[JsonSerializable(typeof(ActivationBody))]
[JsonSerializable(typeof(RecommendationReply))]
[JsonSerializable(typeof(BatchReply))]
[JsonSerializable(typeof(SimilarReply))]
[JsonSerializable(typeof(UserReply))]
[JsonSerializable(typeof(ItemReply))]
[JsonSerializable(typeof(SearchReply))]
[JsonSerializable(typeof(ImportReply))]
[JsonSerializable(typeof(CategoriesReply))]
[JsonSerializable(typeof(StatusReply))]
[JsonSerializable(typeof(EventReply))]
[JsonSerializable(typeof(EventBatchReply))]
[JsonSerializable(typeof(ModelsReply))]
[JsonSerializable(typeof(ModelReply))]
[JsonSerializable(typeof(TrainingReply))]
[JsonSerializable(typeof(TrainingsReply))]
[JsonSerializable(typeof(AlgorithmsReply))]
[JsonSerializable(typeof(HealthReply))]
[JsonSerializable(typeof(ProblemReply))]
[JsonSerializable(typeof(System.Text.Json.Nodes.JsonObject))]
internal sealed partial class ApiJson : JsonSerializerContext;
