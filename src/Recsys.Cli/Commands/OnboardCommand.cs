using System.CommandLine;
using System.Globalization;
using Recsys.Cli.Options;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.ColdStart;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;

namespace Recsys.Cli.Commands;

/// <summary><c>recsys onboard MODEL</c>: questions to a new user, and recommendations from the answers.</summary>
internal static class OnboardCommand
{
    public static Command Create(Terminal terminal)
    {
        var directory = new Argument<string>("MODEL") { Description = "directory of a saved model" };
        var likes = new Option<string?>("--likes") { Description = "items the user likes, separated by commas", HelpName = "ID,ID" };
        var dislikes = new Option<string?>("--dislikes") { Description = "items the user knows and does not like", HelpName = "ID,ID" };
        var unknown = new Option<string?>("--unknown") { Description = "items the user does not know", HelpName = "ID,ID" };
        var questions = new Option<int>("--questions", "-q") { Description = "how many questions", HelpName = "N", DefaultValueFactory = _ => 10 };
        var ask = new Option<bool>("--ask") { Description = "ask them here, one after the other, and read the answers: y(es), n(o), anything else for not known" };
        var ranking = new RankingOptionSet();
        var command = new Command("onboard", "Shows what to ask a new user next, and what to recommend from the answers so far.")
        {
            directory, likes, dislikes, unknown, questions, ask,
        };
        ranking.AddTo(command);
        command.SetAction((result, token) => Task.FromResult(Run(result, token)));
        return command;

        int Run(ParseResult result, CancellationToken token)
        {
            int wanted = result.GetValue(questions);
            if (wanted < 0)
            {
                throw new InvalidOptionException($"--questions: expected 0 or more, found {wanted}");
            }

            using var model = Algorithms.Load(result.GetValue(directory)!, token);
            var view = ranking.Resolve(result, model, token);
            var answered = new List<(int Item, Answer Answer)>();
            Add(answered, model, result.GetValue(likes), Answer.Like);
            Add(answered, model, result.GetValue(dislikes), Answer.Dislike);
            Add(answered, model, result.GetValue(unknown), Answer.Unknown);
            var interview = Interview.For(model);
            if (result.GetValue(ask))
            {
                Ask(terminal, interview, view, answered, wanted, token);
            }
            else if (wanted > 0 && view.Format == "table")
            {
                Show(terminal, interview, view, answered, wanted, model, token);
            }

            Recommend(terminal, model, view, answered);
            return 0;
        }
    }

    private static void Add(List<(int Item, Answer Answer)> answered, IRecommenderModel model, string? list, Answer answer)
    {
        foreach (string id in (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int item = RecommendCommand.IndexOf(model.Items, "item", id);
            if (answered.Any(a => a.Item == item))
            {
                throw new InvalidOptionException($"item '{id}' is answered twice");
            }

            answered.Add((item, answer));
        }
    }

    private static void Ask(
        Terminal terminal, Interview interview, RankingView view, List<(int Item, Answer Answer)> answered, int wanted, CancellationToken token)
    {
        var question = new ScoredItem[1];
        for (int q = 0; q < wanted && interview.Choose(answered.ToArray(), view.Filter, question, token) == 1; q++)
        {
            terminal.Error.Write($"{q + 1}. {view.Output.Label(question[0].Item)}? [y/n/?] ");
            terminal.Error.Flush();
            if (terminal.In.ReadLine() is not { } line)
            {
                terminal.Error.WriteLine();
                break;
            }

            answered.Add((question[0].Item, line.Trim().ToLowerInvariant() switch
            {
                "y" or "yes" => Answer.Like,
                "n" or "no" => Answer.Dislike,
                _ => Answer.Unknown,
            }));
        }
    }

    private static void Show(
        Terminal terminal,
        Interview interview,
        RankingView view,
        List<(int Item, Answer Answer)> answered,
        int wanted,
        IRecommenderModel model,
        CancellationToken token)
    {
        var questions = new ScoredItem[Math.Min(wanted, model.Items.Count)];
        int count = interview.Choose(answered.ToArray(), view.Filter, questions, token);
        var table = new TextTable(">ask", "item", "name", ">worth");
        for (int q = 0; q < count; q++)
        {
            string id = model.Items[questions[q].Item];
            string name = view.Output.Label(questions[q].Item);
            table.Add(
                (q + 1).ToString(CultureInfo.InvariantCulture), id, name == id ? "" : name, questions[q].Score.ToString("0.0000", CultureInfo.InvariantCulture));
        }

        table.Write(terminal.Out);
        terminal.Out.WriteLine();
    }

    /// <summary>From likes and dislikes; before the first like the items that most users have.</summary>
    private static void Recommend(Terminal terminal, IRecommenderModel model, RankingView view, List<(int Item, Answer Answer)> answered)
    {
        var history = answered.Where(a => a.Answer != Answer.Unknown).OrderBy(a => a.Item).ToList();
        var best = new ScoredItem[Math.Min(view.Count, model.Items.Count)];
        int[] items = [.. history.Select(a => a.Item)];
        int found;
        if (history.Exists(a => a.Answer == Answer.Like))
        {
            float[] weights = [.. history.Select(a => a.Answer == Answer.Like ? 1f : -1f)];
            found = model.Recommend(model.FoldIn(items, weights.All(w => w == 1) ? default : weights), view.Filter, best);
        }
        else
        {
            terminal.Notice("nothing is liked yet: the items that most users have");
            var users = new float[model.Items.Count];
            foreach (int item in model.Histories.AllColumns)
            {
                users[item]++;
            }

            found = TopN.Select(users, items, view.Filter, best);
        }

        view.Output.Write(terminal.Out, view.Format, best.AsSpan(0, found), explain: null);
    }
}
