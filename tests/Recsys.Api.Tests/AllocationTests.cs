using Recsys.Engine.Serving;
using static Recsys.Api.Tests.RecommendationTests;

namespace Recsys.Api.Tests;

public sealed class AllocationTests
{
    [Fact]
    public void A_recommendation_allocates_its_answer_and_the_user_s_history_and_little_else()
    {
        using var library = new ModelLibrary();
        library.Add("ease", TestService.Train("ease", ("regularization", "50")));
        var items = new ItemStore();
        items.Upsert(TestService.Catalogue.Items.Select(i => new ItemUpdate(i.Id) { Categories = [i.Genre] }));
        var recommender = new ModelRecommender(library, items);
        RecommendationQuery[] queries =
        [
            new() { User = User(1), Count = 20 },
            new() { User = User(1), Count = 20, Categories = ["Poetry"] },
            new() { User = User(1), Count = 20, Categories = ["Poetry", "Horror"], Exclude = ["book-0001", "book-0002"] },
        ];
        foreach (var query in queries)
        {
            const int Rounds = 1000;
            Measure(Rounds); // ids become strings, masks are computed, code is compiled
            long bytes = Measure(Rounds) / Rounds;

            // 20 items of 48 bytes and their array, the history's copy, the profile, the filter; no scores, no masks, no ids.
            Assert.True(bytes < 2500, $"{bytes} bytes a request");

            long Measure(int rounds)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                for (int i = 0; i < rounds; i++)
                {
                    _ = recommender.RecommendAsync(query).Result;
                }

                return GC.GetAllocatedBytesForCurrentThread() - before;
            }
        }
    }
}
