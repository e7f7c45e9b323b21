namespace BillApis.Architecture.Tests;

/// <summary>Every rule finds what it is for and leaves alone what it is not for.</summary>
public sealed class SourceRulesTests
{
    [Theory]
    [InlineData("class Invoices { }", 0)]
    [InlineData("class Database { }", 0)]
    [InlineData("record BaseCurrency;", 0)]
    [InlineData("class InvoiceManager { }", 1)]
    [InlineData("static class TimeUtils { }", 1)]
    [InlineData("abstract class StoreBase { }", 1)]
    [InlineData("namespace A; class B { interface MoneyHelper; }", 1)]
    public void Empty_names(string text, int expected) => SourceRules.EmptyNames(File(text)).Count().ShouldBe(expected);

    [Theory]
    [InlineData("class C { decimal a = 1.5m; long b = 2; }", 0)]
    [InlineData("class C { bool M(object o) => MidpointRounding.Half.Equals(o); }", 0)]
    [InlineData("class C { double a; }", 1)]
    [InlineData("class C { float M() => 0; }", 1)]
    [InlineData("class C { System.Collections.Generic.List<Double> a; }", 1)]
    [InlineData("class C { void M(Half h) { var x = 1.5; } }", 2)]
    public void Binary_floats(string text, int expected) => SourceRules.BinaryFloats(File(text)).Count().ShouldBe(expected);

    [Theory]
    [InlineData("class File { } // done", 0)]
    [InlineData("class File { } // TODO: more", 1)]
    [InlineData("class File { void M() => throw new NotImplementedException(); }", 1)]
    public void Unfinished(string text, int expected) => SourceRules.Unfinished(File(text)).Count().ShouldBe(expected);

    [Theory]
    [InlineData("src/BillApis.Core/Runs/File.cs", "BillApis", 0)]
    [InlineData("src/BillApis.Core/Runs/File.cs", "BillApis.Runs", 0)]
    [InlineData("src/BillApis.Core/Runs/File.cs", "BillApis.Core", 1)]
    [InlineData("src/BillApis.Pricing/Rating/File.cs", "BillApis.Pricing.Rating", 0)]
    [InlineData("src/BillApis.Pricing/File.cs", "BillApis.Rating", 1)]
    [InlineData("src/BillApis.Sqlite/SqliteExtensions.cs", "Microsoft.Extensions.DependencyInjection", 0)]
    [InlineData("src/BillApis.Sqlite/Sqlite.cs", "Microsoft.Extensions.DependencyInjection", 1)]
    public void Namespaces(string path, string name, int expected) => SourceRules.WrongNamespaces(new SourceFile(path, $"namespace {name};")).Count().ShouldBe(expected);

    [Theory]
    [InlineData("class File;", 0)]
    [InlineData("namespace A; class Other;", 1)]
    [InlineData("namespace A; class Other; class Another;", 0)]
    [InlineData("System.Console.WriteLine();", 0)]
    public void File_names(string text, int expected) => SourceRules.NotTheFileName(File(text)).Count().ShouldBe(expected);

    [Theory]
    [InlineData("class C { [Fact] void M() { list.Skip(1); } }", 0)]
    [InlineData("class C { [Fact(Skip = \"later\")] void M() { } }", 1)]
    [InlineData("class C { void M() { Assert.SkipUnless(false, \"\"); } }", 1)]
    public void Skipped_tests(string text, int expected) => SourceRules.Skips(File(text)).Count().ShouldBe(expected);

    [Theory]
    [InlineData("class C { async Task M() { await N().ConfigureAwait(false); await foreach (var x in y) { } } }", 0)]
    [InlineData("class C { async Task M() { var a = (await N()).Length; } }", 1)]
    public void Bare_awaits(string text, int expected) => SourceRules.BareAwaits(File(text)).Count().ShouldBe(expected);

    [Theory]
    [InlineData(60, 0)]
    [InlineData(61, 1)]
    public void Method_lengths(int lines, int expected) =>
        SourceRules.LongMethods(File($"class C {{\n/// <summary>Not counted.</summary>\nvoid M()\n{{\n{string.Join('\n', Enumerable.Repeat("N();", lines - 3))}\n}}\n}}")).Count().ShouldBe(expected);

    [Theory]
    [InlineData(300, 0)]
    [InlineData(301, 1)]
    public void File_lengths(int lines, int expected) => SourceRules.TooLong(File(string.Concat(Enumerable.Repeat("//\n", lines)))).Count().ShouldBe(expected);

    private static SourceFile File(string text) => new("src/BillApis.Core/File.cs", text);
}
