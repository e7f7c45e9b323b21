using System.Text.Json;
using BillApis.Pricing;
using BillApis.Storage.Sql;

namespace BillApis.Storage.Tests;

/// <summary>What was parsed before is what the row says now: another body and another version are other things.</summary>
public sealed class KnownBodiesTests
{
    private readonly KnownBodies<Product> _known = new();

    [Fact]
    public void The_same_body_and_version_are_one_thing_and_another_of_either_is_not()
    {
        var first = new Product { Code = "first", Name = "First" };
        var second = first with { Name = "Other" };

        var read = Read(first, 1);
        Read(first, 1).ShouldBeSameAs(read);
        Read(first, 2).ShouldBe(read with { Version = 2 });
        Read(second, 2).ShouldBe(second with { Version = 2 }, "as long as the body before it, and in part the same");
        Read(first, 1).ShouldBe(read, "an older version that another transaction still sees");
    }

    [Fact]
    public void More_things_than_are_kept_are_read_all_the_same()
    {
        var things = Enumerable.Range(0, 5_000).Select(i => new Product { Code = $"product-{i}", Name = $"Product {i}" }).ToList();

        things.ConvertAll(item => Read(item, 1).Name).ShouldBe(things.ConvertAll(item => item.Name));
        things.ConvertAll(item => Read(item, 1).Code).ShouldBe(things.ConvertAll(item => item.Code));
    }

    private Product Read(Product item, long version) => _known.Read(JsonSerializer.SerializeToUtf8Bytes(item, BillingJson.Options), version);
}
