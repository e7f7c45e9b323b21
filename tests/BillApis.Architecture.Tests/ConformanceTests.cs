using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace BillApis.Architecture.Tests;

/// <summary>Every suite of BillApis.Conformance runs against every database.</summary>
public sealed class ConformanceTests
{
    [Fact]
    public void Every_suite_is_derived_for_every_database() =>
        (from suite in Classes("src/BillApis.Conformance/")
         where suite.Modifiers.Any(SyntaxKind.AbstractKeyword) && suite.Identifier.Text.EndsWith("Conformance", StringComparison.Ordinal)
         from database in new[] { "Sqlite", "Postgres" }
         where !Classes("tests/BillApis.Storage.Tests/").Any(type => Derives(type, suite.Identifier.Text, database))
         select $"public sealed class {database}…Tests({database}Fixture fixture) : {suite.Identifier.Text}(fixture), IClassFixture<{database}Fixture>")
        .ShouldBeEmpty("classes are missing in tests/BillApis.Storage.Tests");

    [Fact]
    public void There_are_suites() => Classes("src/BillApis.Conformance/").Count(type => type.Identifier.Text.EndsWith("Conformance", StringComparison.Ordinal)).ShouldBeGreaterThan(3);

    private static bool Derives(ClassDeclarationSyntax type, string suite, string database) =>
        type.Modifiers.Any(SyntaxKind.PublicKeyword) && !type.Modifiers.Any(SyntaxKind.AbstractKeyword)
        && type.BaseList is { Types: [var parent, ..] }
        && (parent.Type is GenericNameSyntax generic ? generic.Identifier.Text : parent.Type.ToString()) == suite
        && type.ParameterList?.Parameters.Any(parameter => parameter.Type!.ToString().StartsWith(database, StringComparison.Ordinal)) == true;

    private static IEnumerable<ClassDeclarationSyntax> Classes(string under) =>
        SourceFile.All.Where(file => file.Path.StartsWith(under, StringComparison.Ordinal)).SelectMany(file => file.Root.DescendantNodes().OfType<ClassDeclarationSyntax>());
}
