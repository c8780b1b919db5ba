using System.Text.Json;
using System.Text.Json.Nodes;
using Recsys.Engine.Als;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Logistic;
using Recsys.Engine.Models;
using Recsys.Engine.Online;

namespace Recsys.Engine.Serving;

/// <summary>
/// Which live models a data directory keeps and their options, written down in it: what it was started with holds at the
/// next start. EASE that stands is none of them: it is a version among the trained ones.
/// </summary>
internal sealed record OnlineSetup(double? EaseRegularization, string? LmfAlgorithm, JsonObject? LmfOptions, bool EaseStands = false)
{
    private const string FileName = "online.json";
    private const string Standing = "standing";

    /// <summary>What is kept where a directory begins without models: exact EASE.</summary>
    private const double DefaultRegularization = 100;

    public static OnlineSetup Of(IReadOnlyList<IRecommenderModel> models, DataDirectoryOptions options)
    {
        var ease = EaseOf(models);
        if (ease is null && options.Ease == LiveEaseMode.Standing)
        {
            throw new InvalidOptionException("EASE that stands is one that was trained: begin the directory with an EASE model");
        }

        var lmf = models.OfType<LmfModel>().FirstOrDefault();
        bool stands = ease is not null && Stands(ease, options);
        return new OnlineSetup(
            models.Count == 0 ? DefaultRegularization : stands ? null : ease?.Options.Regularization,
            lmf?.Algorithm,
            lmf is null ? null : Logistic.LmfAlgorithm.ToJson(lmf.Options),
            stands);
    }

    /// <summary>The EASE model among those a directory begins with.</summary>
    public static EaseModel? EaseOf(IReadOnlyList<IRecommenderModel> models) => models.OfType<EaseModel>().FirstOrDefault();

    public static OnlineSetup? Read(string directory)
    {
        string path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var json = JsonNode.Parse(File.ReadAllBytes(path))!.AsObject();
            return new OnlineSetup(
                json["ease_regularization"]?.GetValue<double>(),
                json["lmf"]?.GetValue<string>(),
                json["lmf_options"]?.DeepClone().AsObject(),
                json["ease"]?.GetValue<string>() == Standing);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException or FormatException)
        {
            throw new RecsysException($"{path}: expected the choice of live models as `recsys serve` writes it, found something else", e);
        }
    }

    public void Write(string directory)
    {
        var json = new JsonObject
        {
            ["ease"] = EaseStands ? Standing : EaseRegularization is null ? null : "exact",
            ["ease_regularization"] = EaseRegularization,
            ["lmf"] = LmfAlgorithm,
            ["lmf_options"] = LmfOptions?.DeepClone(),
        };
        string path = Path.Combine(directory, FileName);
        using (var file = new FileStream(path + ".new", FileMode.Create, FileAccess.Write))
        {
            file.Write(JsonSerializer.SerializeToUtf8Bytes(json));
            file.Flush(flushToDisk: true);
        }

        File.Move(path + ".new", path, overwrite: true);
    }

    public OnlineOptions ToOptions() => new()
    {
        Ease = EaseRegularization is { } regularization
            ? new StreamingEaseOptions { Regularization = regularization, Threads = ComputePool.BesideServing }
            : null,
        Lmf = LmfAlgorithm is null ? null : Logistic.LmfAlgorithm.ParseStored(LmfAlgorithm, LmfOptions!),
    };

    /// <summary>Refuses what a directory does not hold to.</summary>
    /// <exception cref="RecsysException">Another way for EASE to follow events was chosen when it began.</exception>
    public void Require(string directory, LiveEaseMode ease)
    {
        bool exact = EaseRegularization is not null;
        if ((ease == LiveEaseMode.Exact && EaseStands) || (ease == LiveEaseMode.Standing && exact))
        {
            throw new RecsysException(
                $"{directory}: EASE is {(exact ? "kept exact" : "standing")} here since the directory began; begin another one to have it {(exact ? "standing" : "exact")}");
        }
    }

    public OnlineStart ToStart(IReadOnlyList<IRecommenderModel> models) => models.Count == 0
        ? OnlineStart.Empty
        : new OnlineStart(new Dataset(models[0].Users, models[0].Items, models[0].Histories))
        {
            Als = models.OfType<AlsModel>().FirstOrDefault(),
            Lmf = models.OfType<LmfModel>().FirstOrDefault(),
            Ease = EaseStands ? null : EaseOf(models),
        };

    private static bool Stands(EaseModel ease, DataDirectoryOptions options) => options.Ease switch
    {
        LiveEaseMode.Exact => false,
        LiveEaseMode.Standing => true,
        _ => ease.Items.Count > options.ExactEaseItems || !StreamingEase.CanGoOnFrom(ease),
    };
}
