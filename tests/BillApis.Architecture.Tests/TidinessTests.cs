using System.Text.RegularExpressions;

namespace BillApis.Architecture.Tests;

public sealed partial class TidinessTests
{
    [Fact]
    public void No_file_is_too_long() => Broken(SourceFile.All, SourceRules.TooLong).ShouldBeEmpty();

    [Fact]
    public void Half_of_the_source_files_are_short()
    {
        var lines = SourceFile.All.Where(file => file.Area is "src").Select(file => file.LineCount).Order().ToList();
        lines[lines.Count / 2].ShouldBeLessThanOrEqualTo(SourceRules.MedianFileLines);
    }

    [Fact]
    public void No_method_is_too_long() => Broken(SourceFile.All, SourceRules.LongMethods).ShouldBeEmpty();

    [Fact]
    public void Names_say_something() => Broken(SourceFile.All, SourceRules.EmptyNames).ShouldBeEmpty();

    [Fact]
    public void A_file_is_named_after_its_only_type() => Broken(SourceFile.Shipped, SourceRules.NotTheFileName).ShouldBeEmpty();

    [Fact]
    public void No_binary_floating_point_is_written() => Broken(SourceFile.Shipped, SourceRules.BinaryFloats).ShouldBeEmpty();

    [Fact]
    public void Nothing_is_left_unfinished() => Broken(SourceFile.Shipped, SourceRules.Unfinished).ShouldBeEmpty();

    [Fact]
    public void Namespaces_follow_projects_and_folders() => Broken(SourceFile.Shipped, SourceRules.WrongNamespaces).ShouldBeEmpty();

    [Fact]
    public void Libraries_await_without_a_context() =>
        Broken(SourceFile.All.Where(file => file.Area is "src" && file.Project is not "BillApis.Conformance"), SourceRules.BareAwaits).ShouldBeEmpty();

    [Fact]
    public void No_test_is_skipped() =>
        Broken(SourceFile.All.Where(file => file.Area is "tests" && file.Path is not "tests/Shared/SharedFiles.cs"), SourceRules.Skips).ShouldBeEmpty();

    [Fact]
    public void No_file_names_a_path_of_one_machine()
    {
        string[] kinds = [".cs", ".csproj", ".props", ".md", ".sh", ".json", ".config", ".sql", ".txt", ".sln"];
        string[] areas = ["src", "samples", "tests", "bench", "docs", "eng", ".ci"];
        var files = areas.Select(area => Repository.PathOf(area)).Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(Repository.Root))
            .Where(file => kinds.Contains(Path.GetExtension(file)) || Path.GetFileName(file) is "run");
        files.Where(file => MachinePath().IsMatch(File.ReadAllText(file))).ShouldBeEmpty();
    }

    private static List<string> Broken(IEnumerable<SourceFile> files, Func<SourceFile, IEnumerable<string>> rule) => [.. files.SelectMany(rule)];

    [GeneratedRegex(@"(?<![\w.$}])/(work|home|root|Users|mnt)/\w|[A-Z]:\\Users")]
    private static partial Regex MachinePath();
}
