using System.CommandLine;
using Recsys.Engine.Models;

namespace Recsys.Cli.Options;

/// <summary>--model and the options of all algorithms; which of them a model takes is its own to say.</summary>
internal sealed class ModelOptionSet
{
    private readonly Option<string> _model;
    private readonly List<(Option<string?> Option, OptionDescription Description)> _options = [];

    public ModelOptionSet(string? defaultModel = null)
    {
        _model = new Option<string>("--model", "-m")
        {
            Description = "what to train: " + string.Join("; ", Algorithms.All.Select(a => $"{a.Name} ({a.Summary})")),
            HelpName = string.Join('|', Algorithms.All.Select(a => a.Name)),
            Required = defaultModel is null,
        };
        if (defaultModel is not null)
        {
            _model.DefaultValueFactory = _ => defaultModel;
        }

        foreach (var group in Algorithms.All.SelectMany(a => a.Options.Select(o => (Algorithm: a.Name, Option: o))).GroupBy(p => p.Option.Name))
        {
            var description = group.First().Option;
            var takers = group.Select(p => p.Algorithm).ToList();
            string summaries = string.Join("; ", group.Select(p => p.Option.Summary).Distinct());
            string takenBy = takers.Count == Algorithms.All.Count ? "" : $"[{string.Join(", ", takers)}] ";
            var option = new Option<string?>("--" + description.Name)
            {
                Description = takenBy + summaries,
                HelpName = string.Join('|', group.SelectMany(p => p.Option.Value.Split('|')).Distinct()),
                Arity = description.Alone is null ? ArgumentArity.ExactlyOne : ArgumentArity.ZeroOrOne,
            };
            _options.Add((option, description));
        }
    }

    public void AddTo(Command command)
    {
        command.Add(_model);
        foreach (var (option, _) in _options)
        {
            command.Add(option);
        }
    }

    public IAlgorithm Algorithm(ParseResult result) => Algorithms.Get(result.GetValue(_model)!);

    /// <summary>Several models, separated by commas.</summary>
    public IReadOnlyList<IAlgorithm> Many(ParseResult result) =>
        [.. result.GetValue(_model)!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct().Select(Algorithms.Get)];

    /// <summary>The options that were given.</summary>
    public OptionBag Bag(ParseResult result)
    {
        var given = new List<KeyValuePair<string, string>>();
        foreach (var (option, description) in _options)
        {
            if (result.GetResult(option) is { Implicit: false })
            {
                given.Add(new(description.Name, result.GetValue(option) ?? Alone(Algorithm(result), description)));
            }
        }

        return new OptionBag(given);
    }

    /// <summary>What an option without a value means to the algorithm: not the same to all that have one of this name.</summary>
    private static string Alone(IAlgorithm algorithm, OptionDescription description) =>
        (algorithm.Options.FirstOrDefault(o => o.Name == description.Name) ?? description).Alone ?? "";
}
