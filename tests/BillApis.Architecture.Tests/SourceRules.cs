using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace BillApis.Architecture.Tests;

/// <summary>What makes one file untidy; each rule names every place that breaks it.</summary>
internal static partial class SourceRules
{
    public const int MaxFileLines = 300;
    public const int MaxMethodLines = 60;
    public const int MedianFileLines = 60;

    private static readonly string[] EmptyWords = ["Manager", "Helper", "Helpers", "Util", "Utils", "Utility", "Utilities", "Base", "Impl"];

    public static IEnumerable<string> TooLong(SourceFile file) =>
        file.LineCount > MaxFileLines ? [$"{file.Path} has {file.LineCount} lines; at most {MaxFileLines} are allowed"] : [];

    public static IEnumerable<string> LongMethods(SourceFile file) =>
        from member in file.Root.DescendantNodes()
        where member is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax or PropertyDeclarationSyntax
        let span = member.SyntaxTree.GetLineSpan(member.Span)
        let lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1
        where lines > MaxMethodLines
        select $"{At(file, member)} is a method of {lines} lines; at most {MaxMethodLines} are allowed";

    public static IEnumerable<string> EmptyNames(SourceFile file) =>
        from type in Types(file)
        where EmptyWords.Contains(LastWord().Match(Name(type)).Value)
        select $"{At(file, type)} {Name(type)} ends in a word that says nothing; name what it does";

    public static IEnumerable<string> NotTheFileName(SourceFile file) =>
        file.Root.Members.SelectMany(TopLevelTypes).ToList() is [var only] && Name(only) != Path.GetFileNameWithoutExtension(file.Path)
            ? [$"{file.Path} holds only the type {Name(only)}; name the file {Name(only)}.cs"]
            : [];

    public static IEnumerable<string> BinaryFloats(SourceFile file) =>
        from token in file.Root.DescendantTokens()
        where token.IsKind(SyntaxKind.DoubleKeyword) || token.IsKind(SyntaxKind.FloatKeyword) || (token.Value is double or float)
            || (token.IsKind(SyntaxKind.IdentifierToken) && token.Text is "Double" or "Single" or "Half" && token.Parent is IdentifierNameSyntax { Parent: not MemberAccessExpressionSyntax })
        select $"{At(file, token)} '{token.Text}' is binary floating point; use decimal or an integer";

    public static IEnumerable<string> Unfinished(SourceFile file) =>
        from line in file.Text.Split('\n').Index()
        where UnfinishedMark().IsMatch(line.Item)
        select $"{file.Path}:{line.Index + 1} is unfinished: {line.Item.Trim()}";

    /// <summary>The namespace is the project's (Core and Abstractions: BillApis), with at most the file's folders after it; extension methods on the container stand where users look for them.</summary>
    public static IEnumerable<string> WrongNamespaces(SourceFile file)
    {
        var project = file.Project is "BillApis.Core" or "BillApis.Abstractions" ? "BillApis" : file.Project;
        var allowed = Enumerable.Range(0, file.Folders.Length + 1).Select(depth => string.Join('.', [project, .. file.Folders[..depth]]));
        return from declared in file.Root.DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>()
               let name = declared.Name.ToString()
               where !allowed.Contains(name) && !(name is "Microsoft.Extensions.DependencyInjection" or "Microsoft.AspNetCore.Builder" && file.Path.EndsWith("Extensions.cs", StringComparison.Ordinal))
               select $"{At(file, declared)} is in namespace {name}; allowed here: {string.Join(", ", allowed)}";
    }

    /// <summary>A library does not know which thread its caller wants to go on with.</summary>
    public static IEnumerable<string> BareAwaits(SourceFile file) =>
        from wait in file.Root.DescendantNodes().OfType<AwaitExpressionSyntax>()
        where wait.Expression is not InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.Text: "ConfigureAwait" } }
        select $"{At(file, wait)} awaits without ConfigureAwait(false)";

    /// <summary>Only <c>SharedFiles</c> skips, and never where <c>CI=true</c>.</summary>
    public static IEnumerable<string> Skips(SourceFile file) =>
        from node in file.Root.DescendantNodes()
        where node is NameEqualsSyntax { Name.Identifier.Text: "Skip" or "SkipWhen" or "SkipUnless" } or NameColonSyntax { Name.Identifier.Text: "Skip" }
            || (node is MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: "Assert" } } access && access.Name.Identifier.Text.StartsWith("Skip", StringComparison.Ordinal))
        select $"{At(file, node)} skips a test; a test runs or it is removed";

    private static IEnumerable<MemberDeclarationSyntax> TopLevelTypes(MemberDeclarationSyntax member) =>
        member is BaseNamespaceDeclarationSyntax inner ? inner.Members.SelectMany(TopLevelTypes)
        : member is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax ? [member] : [];

    private static IEnumerable<MemberDeclarationSyntax> Types(SourceFile file) =>
        file.Root.DescendantNodes().OfType<MemberDeclarationSyntax>().Where(member => member is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax);

    private static string Name(MemberDeclarationSyntax type) =>
        type is BaseTypeDeclarationSyntax declared ? declared.Identifier.Text : ((DelegateDeclarationSyntax)type).Identifier.Text;

    private static string At(SourceFile file, SyntaxNodeOrToken place) => $"{file.Path}:{place.SyntaxTree!.GetLineSpan(place.Span).StartLinePosition.Line + 1}";

    [GeneratedRegex("[A-Z][a-z0-9]*$")]
    private static partial Regex LastWord();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK)\b|NotImplementedException")]
    private static partial Regex UnfinishedMark();
}
