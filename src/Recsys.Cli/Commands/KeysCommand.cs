using System.CommandLine;
using Recsys.Api.Security;
using Recsys.Cli.Output;
using Recsys.Engine;

namespace Recsys.Cli.Commands;

/// <summary><c>recsys keys add|list|remove FILE</c>: API keys of the service.</summary>
internal static class KeysCommand
{
    public static Command Create(Terminal terminal) => new("keys", "API keys of the service: issues, lists and removes them.")
    {
        CreateAdd(terminal),
        CreateList(terminal),
        CreateRemove(),
    };

    private static Command CreateAdd(Terminal terminal)
    {
        var file = File();
        var name = Name();
        var access = new Option<string>("--access") { Description = "read, write or admin (default read)", HelpName = "LEVEL", DefaultValueFactory = _ => "read" };
        var command = new Command("add", "Issues a key and prints it: the file keeps its hash only.") { file, name, access };
        command.SetAction(result =>
        {
            Access level = result.GetValue(access) switch
            {
                "read" => Access.Read,
                "write" => Access.Write,
                "admin" => Access.Admin,
                string other => throw new InvalidOptionException($"--access: expected read, write or admin, found '{other}'"),
                null => Access.Read,
            };
            terminal.Out.WriteLine(ApiKeys.Add(result.GetValue(file)!, result.GetValue(name)!, level));
            return 0;
        });
        return command;
    }

    private static Command CreateList(Terminal terminal)
    {
        var file = File();
        var command = new Command("list", "Shows whose keys there are and what they allow.") { file };
        command.SetAction(result =>
        {
            foreach (var key in ApiKeys.Load(result.GetValue(file)!).All)
            {
                terminal.Out.WriteLine($"{key.Name,-24}{key.Access.ToString().ToLowerInvariant(),-8}{key.Created:u}");
            }

            return 0;
        });
        return command;
    }

    private static Command CreateRemove()
    {
        var file = File();
        var name = Name();
        var command = new Command("remove", "Removes a key; a running service knows it until it is started again.") { file, name };
        command.SetAction(result => ApiKeys.Remove(result.GetValue(file)!, result.GetValue(name)!)
            ? 0
            : throw new RecsysException($"{result.GetValue(file)}: there is no key named '{result.GetValue(name)}'"));
        return command;
    }

    private static Argument<string> File() => new("FILE") { Description = "file of keys" };

    private static Option<string> Name() => new("--name") { Description = "who holds the key", HelpName = "NAME", Required = true };
}
