using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace BillApis.Architecture.Tests;

/// <summary>One C# file of the project, parsed.</summary>
/// <param name="Path">Its path in the checkout, with forward slashes.</param>
/// <param name="Text">All of it.</param>
internal sealed record SourceFile(string Path, string Text)
{
    private static readonly Lazy<IReadOnlyList<SourceFile>> Everything = new(() => [.. new[] { "src", "samples", "tests", "bench" }.SelectMany(Read)]);

    private readonly Lazy<CompilationUnitSyntax> _root = new(() => CSharpSyntaxTree.ParseText(Text, path: Path).GetCompilationUnitRoot());

    /// <summary>Every file of src, samples, tests and bench.</summary>
    public static IReadOnlyList<SourceFile> All => Everything.Value;

    /// <summary>The files that are shipped or shown to users.</summary>
    public static IEnumerable<SourceFile> Shipped => All.Where(file => file.Area is "src" or "samples");

    public CompilationUnitSyntax Root => _root.Value;

    /// <summary><c>src</c>, <c>samples</c>, <c>tests</c> or <c>bench</c>.</summary>
    public string Area => Path.Split('/')[0];

    /// <summary>The project's folder, for example <c>BillApis.Core</c>.</summary>
    public string Project => Path.Split('/')[1];

    /// <summary>The folders between the project and the file.</summary>
    public string[] Folders => Path.Split('/')[2..^1];

    public int LineCount => Text.Split('\n').Length - (Text.EndsWith('\n') ? 1 : 0);

    private static IEnumerable<SourceFile> Read(string area) =>
        Directory.Exists(Repository.PathOf(area))
            ? Directory.EnumerateFiles(Repository.PathOf(area), "*.cs", SearchOption.AllDirectories)
                .Select(path => System.IO.Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))
                .Order(StringComparer.Ordinal)
                .Select(path => new SourceFile(path, File.ReadAllText(Repository.PathOf(path))))
            : [];
}
