using System.CommandLine;
using Recsys.Cli.Options;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.Compute;
using Recsys.Engine.Serving;
using Recsys.Grains.Training;

namespace Recsys.Client.Commands;

/// <summary><c>recsys-client train --model als …</c>: submits a job and shows its progress until it has ended.</summary>
internal static class TrainCommand
{
    public static Command Create(Terminal terminal, ClusterOptionSet cluster)
    {
        var options = new ModelOptionSet();
        var name = new Option<string?>("--name") { Description = "name of the model (default: the algorithm's)", HelpName = "NAME" };
        var keep = new Option<bool>("--no-activate") { Description = "keep the version that answers now" };
        var detach = new Option<bool>("--detach") { Description = "print the job's id and leave it running" };
        var command = new Command("train", "Trains a model on what the cluster knows, with live progress. Interrupting cancels the job.") { name, keep, detach };
        options.AddTo(command);
        command.SetAction(RunAsync);
        return command;

        async Task<int> RunAsync(ParseResult result, CancellationToken token)
        {
            var algorithm = options.Algorithm(result);
            var bag = options.Bag(result);
            bag.RequireKnown(algorithm);
            var request = new TrainingRequest(algorithm.Name, bag) { Model = result.GetValue(name), Activate = !result.GetValue(keep) };
            await using var client = await cluster.ConnectAsync(result, token).ConfigureAwait(false);
            var job = await client.Training.StartAsync(request, token).ConfigureAwait(false);
            if (result.GetValue(detach))
            {
                terminal.Out.WriteLine(job.Id);
                return 0;
            }

            try
            {
                job = await WatchAsync(terminal, client, job, token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (token.IsCancellationRequested)
            {
                await client.Training.CancelAsync(job.Id, CancellationToken.None).ConfigureAwait(false);
                throw;
            }

            if (job.State != TrainingState.Succeeded)
            {
                throw new RecsysException($"training job {job.Id}: {job.State.ToString().ToLowerInvariant()}{(job.Error is { } error ? $": {error}" : "")}");
            }

            await SayTrafficAsync(terminal, client, job.Id).ConfigureAwait(false);
            terminal.Out.WriteLine(FormattableString.Invariant(
                $"{request.Model ?? request.Algorithm} version {job.Version}: {job.Seconds:F1} s{(job.Losses.Count > 0 ? $", loss {job.Losses[^1]:G7}" : "")}"));
            return 0;
        }
    }

    /// <summary>Shows the job until it has ended; a connection that breaks is taken up again.</summary>
    private static Task<TrainingStatus> WatchAsync(Terminal terminal, RecsysClient client, TrainingStatus job, CancellationToken token) =>
        Task.Run(
            () => ProgressView.Run(terminal, job.Request.Algorithm, progress => FollowAsync(client, job, progress, token).GetAwaiter().GetResult()),
            CancellationToken.None);

    /// <summary>What silos received from each other, against what they should have.</summary>
    private static async Task SayTrafficAsync(Terminal terminal, RecsysClient client, string job)
    {
        if (await client.Grains.GetGrain<ITrainingCoordinatorGrain>(job).GetStatusAsync().ConfigureAwait(false) is { Phases.Count: > 0 } status)
        {
            terminal.Notice(FormattableString.Invariant(
                $"moved between silos: {status.Phases.Sum(p => p.Received) / 1e6:F1} MB in the last {status.Phases.Count} phases ({status.Phases.Sum(p => p.Expected) / 1e6:F1} MB by the formula)"));
        }
    }

    private static async Task<TrainingStatus> FollowAsync(
        RecsysClient client, TrainingStatus job, IProgress<TrainingProgress> progress, CancellationToken token)
    {
        (string, long)? said = null;
        await foreach (var status in client.Training.WatchAsync(job.Id, token).ConfigureAwait(false))
        {
            job = status;
            if (status.Progress is { } report && said != (report.Phase, report.Done))
            {
                said = (report.Phase, report.Done);
                progress.Report(report);
            }
        }

        return job;
    }
}
