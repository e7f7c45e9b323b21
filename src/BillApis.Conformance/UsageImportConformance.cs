using BillApis.Metering;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>How every <see cref="IUsageImportStore"/> keeps imports and their files; derive once for each store.</summary>
public abstract class UsageImportConformance(StoreFixture fixture)
{
    private static readonly Instant Long = Instant.FromUtc(2001, 1, 1, 0, 0);
    private readonly UsageWorld _world = new();

    private IUsageImportStore Store => fixture.Get<IUsageImportStore>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_is_kept_part_by_part_until_its_import_is_over()
    {
        var import = await SaveAsync(New());
        await Store.AddPartAsync(_world.Tenant, import.Id, 0, new byte[] { 1, 2, 3 }, Token);
        await Store.AddPartAsync(_world.Tenant, import.Id, 1, new byte[] { 0, 255 }, Token);
        Assert.Equal([1, 2, 3], (await Store.ReadPartAsync(_world.Tenant, import.Id, 0, Token))!);
        Assert.Equal([0, 255], (await Store.ReadPartAsync(_world.Tenant, import.Id, 1, Token))!);
        Assert.Null(await Store.ReadPartAsync(_world.Tenant, import.Id, 2, Token));
        Assert.Null(await Store.ReadPartAsync(EntityId.New<TenantId>(), import.Id, 0, Token));

        import = await SaveAsync(import with { Status = UsageImportStatus.Running });
        Assert.NotNull(await Store.ReadPartAsync(_world.Tenant, import.Id, 0, Token));
        await SaveAsync(import with { Status = UsageImportStatus.Completed });
        Assert.Null(await Store.ReadPartAsync(_world.Tenant, import.Id, 0, Token));
        Assert.Equal(UsageImportStatus.Completed, (await Store.FindAsync(_world.Tenant, import.Id.ToString(), Token))!.Status);
    }

    [Fact]
    public async Task What_made_no_progress_is_found_until_it_is_over()
    {
        var import = await SaveAsync(New() with { ProgressAt = Long });
        Assert.Contains(await Store.StalledAsync(Long + Duration.FromTicks(10), 500, Token), stalled => stalled.Id == import.Id);
        Assert.DoesNotContain(await Store.StalledAsync(Long, 500, Token), stalled => stalled.Id == import.Id);
        import = await SaveAsync(import with { Status = UsageImportStatus.Running });
        Assert.Contains(await Store.StalledAsync(Long + Duration.FromTicks(10), 500, Token), stalled => stalled.Id == import.Id);
        await SaveAsync(import with { Status = UsageImportStatus.Canceled });
        Assert.DoesNotContain(await Store.StalledAsync(Long + Duration.FromTicks(10), 500, Token), stalled => stalled.Id == import.Id);
    }

    [Fact]
    public async Task A_name_is_one_imports_and_everything_of_it_comes_back()
    {
        var csv = new CsvLayout { Columns = System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty.Add("id", "Request"), Properties = ["a", "b"], Delimiter = '\t' };
        var import = await SaveAsync(New() with
        {
            Name = "a name", Sender = "somebody", Bytes = 5, Hash = "abc", Error = "broken", Stamps = [Long, UsageWorld.Now], File = new UsageFile { Format = UsageFormat.Csv, Packing = UsagePacking.Gzip, Csv = csv },
            Counts = new ImportCounts { Rows = 7, Accepted = 4, Duplicates = 2, Rejected = 1, BytesRead = 99, Refusals = [new RefusedRow(3, null, BillingErrorCode.Conflict, "taken", "id")] },
        });
        var found = await Store.FindAsync(_world.Tenant, "a name", Token);
        Assert.Equivalent(import, found, strict: true);
        Assert.Equal(SaveResult.Conflict, await Store.SaveAsync(_world.Tenant, [New() with { Name = "a name" }], [], Token));
        Assert.Equal(SaveResult.Conflict, await Store.SaveAsync(_world.Tenant, [import.WithVersion(7)], [], Token));
    }

    [Fact]
    public async Task Events_are_told_by_their_arrival()
    {
        var (first, second) = (UsageWorld.Event("1", UsageWorld.Start, 1), UsageWorld.Event("2", UsageWorld.Start, 1));
        await fixture.Get<IUsageStore>().AppendAsync(_world.Tenant, [_world.Stamp(first, UsageWorld.Now), _world.Stamp(second, UsageWorld.Now + Duration.FromTicks(10))], Token);
        Assert.Equal(1, await CountAsync(UsageWorld.Now));
        Assert.Equal(2, await CountAsync(UsageWorld.Now, UsageWorld.Now + Duration.FromTicks(10)));
        Assert.Equal(0, await CountAsync(UsageWorld.Now + Duration.FromTicks(20)));

        Task<int> CountAsync(params Instant[] arrivals) => Store.CountAsync(_world.Tenant, [first, second, first, second with { Id = "3" }], arrivals, Token);
    }

    private UsageImport New() => new()
    {
        Id = EntityId.New<UsageImportId>(), Tenant = _world.Tenant, File = new UsageFile { Format = UsageFormat.JsonLines }, ProgressAt = UsageWorld.Now, CreatedAt = UsageWorld.Now,
    };

    private async Task<UsageImport> SaveAsync(UsageImport import)
    {
        Assert.Equal(SaveResult.Saved, await Store.SaveAsync(_world.Tenant, [import], [], Token));
        return import.WithVersion(import.Version + 1);
    }
}
