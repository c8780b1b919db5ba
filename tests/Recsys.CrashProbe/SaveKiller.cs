using Recsys.Engine.Storage;

namespace Recsys.CrashProbe;

/// <summary>Kills a process that saves models over one another, and checks that a whole model is there each time.</summary>
public static class SaveKiller
{
    /// <summary>Runs it in a folder; returns a line that says what was seen. Throws where a promise is broken.</summary>
    public static string Run(string folder, int kills, int seed)
    {
        var random = new Random(seed);
        string model = Path.Combine(folder, "model");
        int leftovers = 0;
        ModelStore.Save(ModelSaves.Make(0), model);
        for (int kill = 0; kill < kills; kill++)
        {
            Victim.RunAndKill(["save", model, $"{kill % 2 == 1}"], TimeSpan.FromMilliseconds(random.NextDouble() * 80), fromFirstLine: true);
            leftovers += Directory.GetDirectories(folder).Length - 1;
            using var stored = ModelStore.Open(model, new OpenOptions { Verify = ModelVerification.Full });
            if (!ModelSaves.IsWhole(stored))
            {
                throw new InvalidOperationException($"after kill {kill} the model is of two saves");
            }
        }

        ModelStore.Save(ModelSaves.Make(0), model, new SaveOptions { Overwrite = true });
        string[] left = [.. Directory.GetFileSystemEntries(folder).Select(f => Path.GetFileName(f)!)];
        return left is ["model"]
            ? $"{kills} kills (seed {seed}): a whole model every time; {leftovers} leftovers seen, none after the next save"
            : throw new InvalidOperationException($"left over: {string.Join(", ", left)}");
    }
}
