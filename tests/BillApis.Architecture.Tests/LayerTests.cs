using System.Xml.Linq;

namespace BillApis.Architecture.Tests;

/// <summary>The project graph of docs/architecture.md.</summary>
public sealed class LayerTests
{
    // A project may reference only what stands on its right.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["BillApis.Abstractions"] = [],
        ["BillApis.Pricing"] = ["BillApis.Abstractions"],
        ["BillApis.Metering"] = ["BillApis.Abstractions"],
        ["BillApis.Ledger"] = ["BillApis.Abstractions"],
        ["BillApis.Invoicing"] = ["BillApis.Abstractions", "BillApis.Pricing"],
        ["BillApis.Core"] = ["BillApis.Abstractions", "BillApis.Pricing", "BillApis.Metering", "BillApis.Ledger", "BillApis.Invoicing"],
        ["BillApis.Storage.Sql"] = ["BillApis.Core"],
        ["BillApis.Sqlite"] = ["BillApis.Storage.Sql"],
        ["BillApis.Postgres"] = ["BillApis.Storage.Sql"],
        ["BillApis.TigerBeetle"] = ["BillApis.Ledger"],
        ["BillApis.Pdf"] = ["BillApis.Invoicing"],
        ["BillApis.AspNetCore"] = ["BillApis.Core", "BillApis.Pdf"],
        ["BillApis.Cli"] = ["BillApis.Sqlite", "BillApis.Postgres"],
        ["BillApis.Testing"] = ["BillApis.Core"],
        ["BillApis.Conformance"] = ["BillApis.Core"],
    };

    // What comes with an app that embeds billing; databases and web frameworks stay in their adapters.
    private static readonly Dictionary<string, string[]> AllowedPackages = new()
    {
        ["BillApis.Abstractions"] = ["NodaTime", "Microsoft.Extensions.DependencyInjection.Abstractions"],
        ["BillApis.Pricing"] = [],
        ["BillApis.Metering"] = [],
        ["BillApis.Ledger"] = [],
        ["BillApis.Invoicing"] = [],
        ["BillApis.Core"] = ["Microsoft.Extensions.Hosting.Abstractions", "Microsoft.Extensions.Logging.Abstractions", "Microsoft.Extensions.Options"],
        ["BillApis.Storage.Sql"] = ["Dapper"],
        ["BillApis.Sqlite"] = ["Microsoft.Data.Sqlite.Core", "System.IO.Hashing", "SQLitePCLRaw.bundle_e_sqlite3"],
        ["BillApis.Postgres"] = ["Npgsql"],
        ["BillApis.TigerBeetle"] = [],
        ["BillApis.Pdf"] = ["PDFsharp"],
        ["BillApis.AspNetCore"] = ["Microsoft.IdentityModel.JsonWebTokens"],
        ["BillApis.Cli"] = ["System.CommandLine", "Microsoft.Extensions.DependencyInjection"],
        ["BillApis.Testing"] = ["Microsoft.Extensions.DependencyInjection"],
        ["BillApis.Conformance"] = ["xunit.v3.extensibility.core", "xunit.v3.assert"],
    };

    public static TheoryData<string> Projects => [.. Directory.EnumerateFiles(Repository.PathOf("src"), "*.csproj", SearchOption.AllDirectories).Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_its_layer_allows(string project)
    {
        Allowed.Keys.ShouldContain(project, "give the new project a place in the graph");
        Includes(project, "ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path)).Except(Allowed[project]).ShouldBeEmpty($"{project} reaches outside its layer");
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_brings_only_the_packages_agreed_on(string project)
    {
        AllowedPackages.Keys.ShouldContain(project);
        Includes(project, "PackageReference").Except(AllowedPackages[project]).ShouldBeEmpty($"{project} has a new dependency");
    }

    [Fact]
    public void The_graph_has_no_project_that_is_gone() => Allowed.Keys.Concat(AllowedPackages.Keys).Except(Projects.Select(row => row.Data)).ShouldBeEmpty();

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = File.ReadAllText(Repository.PathOf("BillApis.Core.sln"));
        new[] { "src", "samples", "tests", "bench" }.Select(area => Repository.PathOf(area)).Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.csproj", SearchOption.AllDirectories))
            .Where(project => !solution.Contains($"{Path.GetFileName(project)}\"", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    private static IEnumerable<string> Includes(string project, string element) =>
        XDocument.Load(Repository.PathOf("src", project, project + ".csproj")).Descendants(element).Select(item => item.Attribute("Include")!.Value);
}
