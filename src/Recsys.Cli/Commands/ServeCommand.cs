using System.CommandLine;
using System.Globalization;
using Recsys.Api;
using Recsys.Cli.Options;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;

namespace Recsys.Cli.Commands;

/// <summary><c>recsys serve MODEL…|--data DIR</c>: recommendations over HTTP, and the page.</summary>
internal static class ServeCommand
{
    public static Command Create(Terminal terminal)
    {
        var models = new Argument<string[]>("MODEL")
        {
            Description = "directories of saved models; the first answers when none is named. With --data: what a new directory begins with",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var data = new Option<string?>("--data") { Description = "directory to keep events, items and models in: the service learns from events", HelpName = "DIR" };
        var urls = new Option<string[]>("--urls")
        {
            Description = "addresses to listen on, separated by commas (default http://127.0.0.1:5080)",
            HelpName = "URL",
            AllowMultipleArgumentsPerToken = true,
        };
        var catalogue = new CatalogueOptionSet();
        var keys = new Option<string?>("--keys") { Description = "API keys (see recsys keys); without them the service is open", HelpName = "FILE" };
        var open = new Option<bool>("--open") { Description = "listen on other addresses than loopback without API keys" };
        var rate = new Option<int>("--rate") { Description = "requests a second that one client may make; 0 for any number (default 0)", HelpName = "N" };
        var log = new Option<bool>("--log-requests") { Description = "log every request (route, status, time; never ids)" };
        var index = new Option<string>("--index") { Description = "how factors are kept to find the best items; auto: int8 for large catalogues (weights of EASE: bfloat16), float32: nothing rounded. The answers are the same", DefaultValueFactory = _ => "auto" };
        index.AcceptOnlyFromAmong("auto", "float32", "bfloat16", "float16", "int8");
        index.HelpName = "auto|float32|bfloat16|float16|int8";
        var ease = new Option<string>("--ease")
        {
            Description = "with --data, where the directory is new, how EASE follows events. exact: P is kept; standing: B stays as trained, "
                + "present histories are scored with it; auto: exact up to --exact-ease-items",
            DefaultValueFactory = _ => "auto",
        };
        ease.AcceptOnlyFromAmong("auto", "exact", "standing");
        ease.HelpName = "auto|exact|standing";
        int most = DataDirectoryOptions.Default.ExactEaseItems;
        var exactItems = new Option<int>("--exact-ease-items") { Description = "most items for which auto keeps EASE exact", DefaultValueFactory = _ => most, HelpName = "N" };
        var command = new Command("serve", "Answers over HTTP and shows the page.") { models, data, urls, keys, open, rate, log, index, ease, exactItems };
        catalogue.AddTo(command);
        command.SetAction(RunAsync);
        return command;

        async Task<int> RunAsync(ParseResult result, CancellationToken token)
        {
            string[] directories = result.GetValue(models) ?? [];
            string? folder = result.GetValue(data);
            if (directories.Length == 0 && folder is null)
            {
                throw new InvalidOptionException("serve needs the directory of a model, or --data DIR");
            }

            string[] addresses = [.. (result.GetValue(urls) ?? []).SelectMany(u => u.Split(',', ';')).Select(u => u.Trim()).Where(u => u.Length > 0)];
            int perSecond = result.GetValue(rate);
            if (perSecond < 0)
            {
                throw new InvalidOptionException($"--rate: expected 0 or more, found {perSecond}");
            }

            var options = new ServiceOptions
            {
                KeysFile = result.GetValue(keys),
                Open = result.GetValue(open),
                RequestsPerSecond = perSecond,
                LogRequests = result.GetValue(log),
            };
            var serving = new ServingOptions { Storage = Enum.TryParse<FactorStorage>(result.GetValue(index), ignoreCase: true, out var storage) ? storage : null };
            options = addresses.Length > 0 ? options with { Urls = addresses } : options;
            var described = catalogue.Load(result, token);
            var mode = Enum.Parse<LiveEaseMode>(result.GetValue(ease)!, ignoreCase: true);
            if (folder is null && mode != LiveEaseMode.Auto)
            {
                throw new InvalidOptionException("--ease needs --data");
            }

            await (folder is null
                ? ServeModelsAsync(terminal, directories, described, options, serving, token)
                : ServeDataAsync(terminal, folder, directories, described, options, new DataDirectoryOptions { Serving = serving, Ease = mode, ExactEaseItems = result.GetValue(exactItems) }, token)).ConfigureAwait(false);
            return 0;
        }
    }

    /// <summary>Models as they were trained: nothing is learned from events.</summary>
    private static async Task ServeModelsAsync(
        Terminal terminal, string[] directories, ItemCatalogue? catalogue, ServiceOptions options, ServingOptions serving, CancellationToken token)
    {
        using var library = new ModelLibrary(serving);
        foreach (string directory in directories)
        {
            Notice(terminal, library.Load(NameOf(directory), directory, cancellationToken: token));
        }

        var items = new ItemStore();
        if (catalogue is not null)
        {
            items.Upsert(catalogue);
        }

        await using var training = TrainingJobs.OnHistories(library);
        var recommender = new ModelRecommender(library, items);
        var parts = new ServiceParts(recommender)
        {
            Onboarding = recommender,
            Models = library,
            Training = training,
            Histories = library,
            Catalogue = items,
            Ready = () => library.IsReady,
        };
        await RunAsync(terminal, parts, options, token).ConfigureAwait(false);
    }

    /// <summary>A directory that keeps what is learned.</summary>
    private static async Task ServeDataAsync(
        Terminal terminal, string folder, string[] directories, ItemCatalogue? catalogue, ServiceOptions service, DataDirectoryOptions options, CancellationToken token)
    {
        if (directories.Length > 0 && DataDirectory.Exists(folder))
        {
            throw new InvalidOptionException($"{folder} has its own models already: leave MODEL away, or name another directory");
        }

        var opened = await DataDirectory.OpenAsync(folder, LoadAll(directories, token), options, token).ConfigureAwait(false);
        await using (opened.ConfigureAwait(false))
        {
            if (catalogue is not null)
            {
                await opened.ItemFile.UpsertAsync(ItemStore.Describe(catalogue), token).ConfigureAwait(false);
            }

            var status = await opened.Recommender.GetStatusAsync(token).ConfigureAwait(false);
            terminal.Notice(string.Create(
                CultureInfo.InvariantCulture,
                $"{folder}: {status.Users:N0} users, {status.Items:N0} items, {status.Interactions:N0} interactions, {opened.Engine.Accepted:N0} events in the log"));
            foreach (var version in (await opened.Recommender.ListAsync(token).ConfigureAwait(false)).Where(v => v.Active))
            {
                terminal.Notice(version.Kind == ModelKind.Live
                    ? $"{version.Model}: live, learns from every event"
                    : $"{version.Model} {version.Version}: standing, as trained, for histories as they are now; new items wait for the next training");
            }

            var parts = new ServiceParts(opened.Recommender)
            {
                Onboarding = opened.Recommender,
                Models = opened.Recommender,
                Training = opened.Training,
                Events = opened.Engine,
                Forget = opened.Engine,
                Items = opened.ItemFile,
                Histories = opened,
                Catalogue = opened.ItemFile.Items,
            };
            await RunAsync(terminal, parts, service, token).ConfigureAwait(false);
        }
    }

    private static List<IRecommenderModel> LoadAll(string[] directories, CancellationToken token)
    {
        var models = new List<IRecommenderModel>();
        try
        {
            foreach (string directory in directories)
            {
                models.Add(Algorithms.Load(directory, token));
            }

            return models;
        }
        catch
        {
            models.ForEach(m => m.Dispose());
            throw;
        }
    }

    private static async Task RunAsync(Terminal terminal, ServiceParts parts, ServiceOptions options, CancellationToken token)
    {
        await using var app = RecsysService.Build(parts, options);
        try
        {
            await app.StartAsync(token).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new RecsysException($"the service cannot listen: {e.Message.ReplaceLineEndings(" ")}", e);
        }

        foreach (string url in app.Urls)
        {
            terminal.Out.WriteLine($"listening on {url}");
        }

        terminal.Out.Flush();
        var stopped = new TaskCompletionSource();
        await using (token.Register(stopped.SetResult))
        {
            await stopped.Task.ConfigureAwait(false);
        }

        await app.StopAsync(CancellationToken.None).ConfigureAwait(false);
        terminal.Notice("stopped");
    }

    private static void Notice(Terminal terminal, ModelVersion version) => terminal.Notice(string.Create(
        CultureInfo.InvariantCulture,
        $"{version.Model}: {version.Facts.Algorithm}, {version.Users:N0} users, {version.Items:N0} items, {version.Interactions:N0} interactions"));

    /// <summary>A model's name is that of its directory.</summary>
    private static string NameOf(string directory) =>
        Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)));
}
