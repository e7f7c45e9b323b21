using NodaTime;

namespace BillApis;

/// <summary>Creates, reads, changes and archives the things of one kind.</summary>
public class MasterData<T>(IStore<T> store, IClock clock) where T : class, IMasterData<T>
{
    private const int MaxAttempts = 8;

    private static string Words => T.Kind.Replace('_', ' ');

    /// <summary>Stores a new one as the tenant's own.</summary>
    /// <exception cref="BillingException">A field breaks a rule, or its code is taken.</exception>
    public virtual async Task<T> CreateAsync(TenantId tenant, T item, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(item);
        var created = item.Created(tenant, clock.GetCurrentInstant());
        created.Validate();
        await CheckReferencesAsync(created, cancellationToken).ConfigureAwait(false);
        if (await store.SaveAsync(tenant, [created], [Event("created", created)], cancellationToken).ConfigureAwait(false) is not SaveResult.Saved)
        {
            throw Taken(created);
        }

        Saved(tenant);
        return created.WithVersion(1);
    }

    /// <summary>Reads one by id or by its own code.</summary>
    /// <exception cref="BillingException">The tenant has none such.</exception>
    public async Task<T> GetAsync(TenantId tenant, string reference, CancellationToken cancellationToken = default) =>
        await store.FindAsync(tenant, reference, cancellationToken).ConfigureAwait(false) ?? throw BillingException.NotFound(T.Kind, reference);

    /// <summary>Reads one by id or by its own code, or null where the tenant has none such.</summary>
    public Task<T?> FindAsync(TenantId tenant, string reference, CancellationToken cancellationToken = default) => store.FindAsync(tenant, reference, cancellationToken);

    /// <summary>Lists newest first.</summary>
    public Task<Page<T>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken = default) => store.ListAsync(tenant, query, cancellationToken);

    /// <summary>Changes one; the change is repeated on what another writer stored meanwhile.</summary>
    /// <exception cref="BillingException">There is none such, the result breaks a rule, or the change is not allowed any more.</exception>
    public Task<T> UpdateAsync(TenantId tenant, string reference, Func<T, T> change, CancellationToken cancellationToken = default) =>
        ChangeAsync(tenant, reference, "updated", change, CheckChangeAsync, cancellationToken);

    /// <summary>Archives one: it stays readable, and nothing new may use it.</summary>
    /// <exception cref="BillingException">There is none such, or it is in use.</exception>
    public Task<T> ArchiveAsync(TenantId tenant, string reference, CancellationToken cancellationToken = default) =>
        ChangeAsync(
            tenant,
            reference,
            "archived",
            item => item.ArchivedAt is null ? item.Archived(clock.GetCurrentInstant()) : item,
            async (before, _, token) =>
            {
                if (await UsedByAsync(before, token).ConfigureAwait(false) is { } user)
                {
                    throw new BillingException(BillingErrorCode.Conflict, $"The {Words} '{before.Key}' is in use by {user} and cannot be archived.");
                }
            },
            cancellationToken);

    /// <summary>Changes one under a name for what happened; repeats the change where another writer was faster.</summary>
    private protected async Task<T> ChangeAsync(
        TenantId tenant, string reference, string what, Func<T, T> change, Func<T, T, CancellationToken, Task>? check, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        for (var attempt = 1; ; attempt++)
        {
            var before = await GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
            var after = change(before) ?? throw new InvalidOperationException($"The change made nothing of the {Words} '{reference}'.");
            if (ReferenceEquals(before, after))
            {
                return before;
            }

            after.Validate();
            await (check?.Invoke(before, after, cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
            if (await store.SaveAsync(tenant, [after], [Event(what, after)], cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
            {
                Saved(tenant);
                return after.WithVersion(before.Version + 1);
            }

            var taken = after.Alias != before.Alias && after.Alias is { } alias && await store.FindAsync(tenant, alias, cancellationToken).ConfigureAwait(false) is not null;
            if (taken || attempt == MaxAttempts)
            {
                throw taken ? Taken(after) : BillingException.Changed(T.Kind, reference);
            }
        }
    }

    /// <summary>Refuses references to things that do not exist.</summary>
    private protected virtual Task CheckReferencesAsync(T item, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Refuses a change that is not allowed in this state.</summary>
    private protected virtual Task CheckChangeAsync(T before, T after, CancellationToken cancellationToken) => CheckReferencesAsync(after, cancellationToken);

    /// <summary>What uses the thing, in words, or null where nothing does.</summary>
    private protected virtual Task<string?> UsedByAsync(T item, CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    /// <summary>Forgets copies of what was just saved.</summary>
    private protected virtual void Saved(TenantId tenant)
    {
    }

    private BillingEvent Event(string what, T item) => new($"{T.Kind}.{what}", item.Key, clock.GetCurrentInstant());

    private static BillingException Taken(T item) => new(BillingErrorCode.Conflict, $"There is a {Words} with {T.AliasField} '{item.Alias}' already.");
}
