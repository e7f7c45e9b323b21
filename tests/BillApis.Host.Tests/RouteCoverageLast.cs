using Xunit.Sdk;
using Xunit.v3;

namespace BillApis.Host.Tests;

/// <summary>Runs the collection of <see cref="RouteCoverageTests"/> after all others.</summary>
public sealed class RouteCoverageLast : ITestCollectionOrderer
{
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections) where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => collection.TestCollectionDisplayName == RouteCoverageTests.Last).ThenBy(collection => collection.TestCollectionDisplayName, StringComparer.Ordinal)];
}
