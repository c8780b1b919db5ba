using Recsys.Engine.ColdStart;
using Recsys.Engine.Serving;

namespace Recsys.Grains.Serving.Wire;

/// <summary>How what new users answered travels.</summary>
[GenerateSerializer, Alias("recsys.onboarding-query"), Immutable]
internal struct OnboardingQuerySurrogate
{
    [Id(0)] public string[] Items;
    [Id(1)] public Answer[] Answers;
    [Id(2)] public int Questions;
    [Id(3)] public string[]? Categories;
    [Id(4)] public int Count;
    [Id(5)] public string? Model;
    [Id(6)] public bool Explain;
    [Id(7)] public int Reasons;
}

[RegisterConverter]
internal sealed class OnboardingQueryConverter : IConverter<OnboardingQuery, OnboardingQuerySurrogate>
{
    public OnboardingQuery ConvertFromSurrogate(in OnboardingQuerySurrogate s) => new()
    {
        Answers = [.. s.Items.Zip(s.Answers, (item, answer) => new ItemAnswer(item, answer))],
        Questions = s.Questions,
        Categories = s.Categories ?? [],
        Count = s.Count,
        Model = s.Model,
        Explain = s.Explain,
        Reasons = s.Reasons,
    };

    public OnboardingQuerySurrogate ConvertToSurrogate(in OnboardingQuery q) => new()
    {
        Items = [.. q.Answers.Select(a => a.Item)],
        Answers = [.. q.Answers.Select(a => a.Answer)],
        Questions = q.Questions,
        Categories = q.Categories.Count == 0 ? null : [.. q.Categories],
        Count = q.Count,
        Model = q.Model,
        Explain = q.Explain,
        Reasons = q.Reasons,
    };
}

[GenerateSerializer, Alias("recsys.onboarding-step"), Immutable]
internal struct OnboardingStepSurrogate
{
    [Id(0)] public string[] Items;
    [Id(1)] public float[] Worths;
    [Id(2)] public string?[]? Names;
    [Id(3)] public RecommendationList Recommendations;
}

[RegisterConverter]
internal sealed class OnboardingStepConverter : IConverter<OnboardingStep, OnboardingStepSurrogate>
{
    public OnboardingStep ConvertFromSurrogate(in OnboardingStepSurrogate s)
    {
        var questions = new Question[s.Items.Length];
        for (int q = 0; q < questions.Length; q++)
        {
            questions[q] = new Question(s.Items[q], s.Worths[q], s.Names?[q]);
        }

        return new OnboardingStep(questions, s.Recommendations);
    }

    public OnboardingStepSurrogate ConvertToSurrogate(in OnboardingStep step) => new()
    {
        Items = [.. step.Questions.Select(q => q.Item)],
        Worths = [.. step.Questions.Select(q => q.Worth)],
        Names = step.Questions.All(q => q.Name is null) ? null : [.. step.Questions.Select(q => q.Name)],
        Recommendations = step.Recommendations,
    };
}
