using Recsys.Engine;
using Recsys.Engine.ColdStart;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;
using Recsys.Grains.Serving;

namespace Recsys.Cluster.Tests.Serving;

/// <summary>Questions to new users on a cluster of two silos, held against the same model in this process.</summary>
public sealed class OnboardingTests
{
    [Theory]
    [InlineData("als", false)]
    [InlineData("ease", false)]
    [InlineData("ease", true)]
    public async Task Questions_and_answers_are_those_of_one_process(string kind, bool partitioned)
    {
        await using var cluster = await ServingCluster.StartAsync(2, o => o.ModelBytes = partitioned ? 1000 : o.ModelBytes);
        using IRecommenderModel model = kind == "als" ? ServingCluster.Als() : ServingCluster.Ease();
        var library = new ModelLibrary();
        library.Add(kind, model);
        var items = new ItemStore();
        var update = new ItemUpdate(ServingCluster.Data.Items[1]) { Name = "The second", Categories = ["crime"] };
        items.Upsert([update]);
        var alone = new ModelRecommender(library, items);
        await cluster.ServeAsync(kind, model);
        await cluster.Recommender.UpsertAsync([update]);
        await ServingTests.UntilAsync(async () => (await cluster.Recommender.GetCategoriesAsync()).Count == 1);

        var answers = new List<ItemAnswer>();
        for (int step = 0; step < 6; step++)
        {
            // A client's keys lead to both silos.
            var query = new OnboardingQuery { Answers = [.. answers], Questions = 3, Count = 8, Explain = true };
            var expected = await alone.NextAsync(query);
            var found = await cluster.Recommender.NextAsync(query);
            Assert.Equal(expected.Questions, found.Questions);
            Assert.Equal(3, found.Questions.Count);
            ServingTests.Equal(expected.Recommendations, found.Recommendations);
            Assert.Equal(answers.All(a => a.Answer != Answer.Like && a.Answer != Answer.Dislike), found.Recommendations.Fallback);
            answers.Add(new ItemAnswer(found.Questions[0].Item, (Answer)(step % 3)));
        }

        var narrowed = new OnboardingQuery { Questions = 3, Count = 0, Categories = ["crime"] };
        var only = await cluster.Recommender.NextAsync(narrowed);
        Assert.Equal((await alone.NextAsync(narrowed)).Questions, only.Questions);
        Assert.Equal("The second", Assert.Single(only.Questions).Name);
        Assert.Empty(only.Recommendations.Items);
    }

    [Fact]
    public async Task What_cannot_be_asked_says_why()
    {
        await using var cluster = await ServingCluster.StartAsync(2, o => o.ModelBytes = 1000);
        var recommender = cluster.Recommender;
        var none = await recommender.NextAsync(new OnboardingQuery { Questions = 5 });
        Assert.Empty(none.Questions);
        Assert.True(none.Recommendations.Fallback);

        using var als = ServingCluster.Als();
        await cluster.ServeAsync("als", als);
        Assert.Equal(["als"], (await cluster.Client.GetGrain<IQueryGrain>(0).StatusAsync()).Partitioned);
        var error = await Assert.ThrowsAsync<RecsysException>(() => recommender.NextAsync(new OnboardingQuery()).AsTask());
        Assert.Contains("model 'als' is served in partitions", error.Message, StringComparison.Ordinal);

        // Without questions there are recommendations all the same.
        var likes = new OnboardingQuery { Answers = [new(ServingCluster.Data.Items[3], Answer.Like)], Questions = 0, Count = 4 };
        Assert.Equal(4, (await recommender.NextAsync(likes)).Recommendations.Items.Count);
        await Assert.ThrowsAsync<InvalidOptionException>(() => recommender.NextAsync(new OnboardingQuery { Model = "oracle" }).AsTask());
        await Assert.ThrowsAsync<InvalidOptionException>(() => recommender.NextAsync(new OnboardingQuery { Questions = -1 }).AsTask());
    }
}
