using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace BillApis.Architecture.Tests;

/// <summary>What the documentation shows compiles, what it tells to run is there, and what it points to exists.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string[] Programs = ["dotnet", "curl", "git", "./test.sh", ".ci/run", "cd", "psql", "sqlite3"];

    // What `dotnet new console` gives every program.
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly Lazy<IReadOnlyList<MetadataReference>> References = new(() =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))]);

    public static TheoryData<string> Documents =>
        [.. Directory.EnumerateFiles(Repository.Root, "*.md").Concat(Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md", SearchOption.AllDirectories)).Select(path => Path.GetRelativePath(Repository.Root, path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_csharp_example_compiles(string document)
    {
        foreach (var (line, code) in Fences(document, "csharp"))
        {
            Errors(code).ShouldBeEmpty($"{document}:{line}");
        }
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_command_exists(string document)
    {
        foreach (var (_, code) in Fences(document, "bash"))
        {
            var functions = Function().Matches(code).Select(match => match.Groups[1].Value).ToHashSet();
            Continued().Replace(code, " ").Split('\n').Where(line => line.Length > 0 && line[0] is not '#' && !Function().IsMatch(line))
                .Select(line => Missing(line, functions)).OfType<string>().ShouldBeEmpty(document);
        }
    }

    [Fact]
    public void The_embedding_example_runs_and_says_what_the_usage_costs()
    {
        var code = Fences("README.md", "csharp").First().Code;
        var folder = Directory.CreateTempSubdirectory("billapis-readme-");
        using var assembly = new MemoryStream();
        Compile(code.Replace("billing.db", Path.Combine(folder.FullName, "billing.db"), StringComparison.Ordinal)).Emit(assembly, cancellationToken: TestContext.Current.CancellationToken).Success.ShouldBeTrue();

        var (console, output) = (Console.Out, new StringWriter());
        Console.SetOut(output);
        try
        {
            Assembly.Load(assembly.ToArray()).EntryPoint!.Invoke(null, [Array.Empty<string>()]);
        }
        finally
        {
            Console.SetOut(console);
            folder.Delete(recursive: true);
        }

        output.ToString().Trim().ShouldBe("calls: 0.02 USD");
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_link_inside_the_project_leads_somewhere(string document) =>
        Link().Matches(File.ReadAllText(Repository.PathOf(document))).Select(match => match.Groups[1].Value.Split('#')[0])
            .Where(target => target.Length > 0 && !target.Contains("://", StringComparison.Ordinal))
            .Where(target => !Path.Exists(Path.Combine(Path.GetDirectoryName(Repository.PathOf(document))!, target)))
            .ShouldBeEmpty(document);

    [Fact]
    public void A_broken_example_is_seen()
    {
        Errors("Console.WriteLine(BillApis.Currency.Parse(\"USD\"));").ShouldBeEmpty();
        Errors("Console.WriteLine(BillApis.Currency.Parze(\"USD\"));").ShouldHaveSingleItem().ShouldContain("Parze");
        Missing("dotnet run --project samples/Nowhere", []).ShouldNotBeNull();
        Missing("BILLAPIS_APPROVE=1 dotnet test tests/BillApis.Architecture.Tests", []).ShouldBeNull();
        Missing("post customers", ["post"]).ShouldBeNull();
        Missing("rm -rf everything", []).ShouldNotBeNull();
    }

    /// <summary>Why a command line of the documentation cannot be run; null where it can.</summary>
    private static string? Missing(string command, HashSet<string> functions)
    {
        var words = Captured().Replace(command, "").Split(' ', StringSplitOptions.RemoveEmptyEntries).SkipWhile(word => Assignment().IsMatch(word)).ToList();
        return words is [] ? null
            : !Programs.Contains(words[0]) && !functions.Contains(words[0]) ? $"{command}: {words[0]} is not a program this project uses"
            : words.FirstOrDefault(word => ProjectPath().IsMatch(word) && !Path.Exists(Repository.PathOf(word))) is { } path ? $"{command}: there is no {path}"
            : null;
    }

    private static IEnumerable<(int Line, string Code)> Fences(string document, string language) =>
        Fence().Matches(File.ReadAllText(Repository.PathOf(document)).ReplaceLineEndings("\n"))
            .Where(match => match.Groups["language"].Value == language)
            .Select(match => (1 + File.ReadAllText(Repository.PathOf(document))[..match.Index].Count(letter => letter == '\n'), match.Groups["code"].Value));

    private static List<string> Errors(string code) =>
        [.. Compile(code).GetDiagnostics().Where(found => found.Severity is DiagnosticSeverity.Error || found.Id.StartsWith("CS86", StringComparison.Ordinal)).Select(found => found.ToString())];

    private static CSharpCompilation Compile(string code)
    {
        var options = new CSharpParseOptions(LanguageVersion.Latest);
        return CSharpCompilation.Create("Example", [CSharpSyntaxTree.ParseText(ImplicitUsings, options), CSharpSyntaxTree.ParseText(code, options)], References.Value,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
    }

    [GeneratedRegex(@"^```(?<language>\w+)\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex Continued();

    [GeneratedRegex(@"^(\w+)\(\) \{", RegexOptions.Multiline)]
    private static partial Regex Function();

    [GeneratedRegex(@"^\w+=\$\(")]
    private static partial Regex Captured();

    [GeneratedRegex("^[A-Za-z_]+=")]
    private static partial Regex Assignment();

    [GeneratedRegex(@"^(\./|src/|samples/|tests/|bench/|docs/|eng/|\.ci/)")]
    private static partial Regex ProjectPath();
}
