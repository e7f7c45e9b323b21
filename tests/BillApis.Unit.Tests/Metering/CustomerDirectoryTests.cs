namespace BillApis.Unit.Tests.Metering;

public sealed class CustomerDirectoryTests
{
    private readonly Dictionary<string, CustomerId> _stored = new() { ["a"] = EntityId.New<CustomerId>(), ["b"] = EntityId.New<CustomerId>() };
    private readonly List<string> _asked = [];
    private Func<Task> _before = () => Task.CompletedTask;

    [Fact]
    public async Task A_known_name_is_not_asked_for_again_and_an_unknown_one_each_time()
    {
        var directory = new CustomerDirectory(FindAsync);
        (await FindAsync(directory, "a", "nobody")).ShouldBe([_stored["a"]]);
        (await FindAsync(directory, "a", "b", "nobody")).ShouldBe([_stored["a"], _stored["b"]]);
        _asked.ShouldBe(["a", "nobody", "b", "nobody"]);
        _stored["nobody"] = EntityId.New<CustomerId>();
        (await FindAsync(directory, "nobody")).ShouldBe([_stored["nobody"]]);
    }

    [Fact]
    public async Task A_name_of_another_tenant_is_another_name()
    {
        var directory = new CustomerDirectory(FindAsync);
        await FindAsync(directory, "a");
        await directory.FindAsync(EntityId.New<TenantId>(), ["a"], TestContext.Current.CancellationToken);
        _asked.ShouldBe(["a", "a"]);
    }

    [Fact]
    public async Task What_was_saved_counts_at_once_also_for_whoever_was_reading_then()
    {
        var directory = new CustomerDirectory(FindAsync);
        await FindAsync(directory, "a");
        var (old, read, saved) = (_stored["b"], new TaskCompletionSource(), EntityId.New<CustomerId>());
        _before = () => read.Task;
        var reading = FindAsync(directory, "b");
        _before = () => Task.CompletedTask;
        (_stored["a"], _stored["b"]) = (saved, saved);
        directory.Forget();
        read.SetResult();
        (await reading).ShouldBe([old]);
        (await FindAsync(directory, "a", "b")).ShouldBe([saved, saved]);
    }

    private static async Task<IEnumerable<CustomerId>> FindAsync(CustomerDirectory directory, params string[] names)
    {
        var found = await directory.FindAsync(TenantId.Default, names, TestContext.Current.CancellationToken);
        return names.Where(found.ContainsKey).Select(name => found[name]);
    }

    private async Task<IReadOnlyDictionary<string, CustomerId>> FindAsync(TenantId tenant, IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        _asked.AddRange(names);
        var found = _stored.Where(item => names.Contains(item.Key)).ToDictionary(item => item.Key, item => item.Value);
        await _before();
        return found;
    }
}
