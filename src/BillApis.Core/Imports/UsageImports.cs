using BillApis.Metering;
using NodaTime;
using NodaTime.Extensions;

namespace BillApis;

/// <summary>Files of events that are taken in after they were sent, by any node, and go on after a crash where they were.</summary>
public sealed class UsageImports
{
    private const string WasCutOff = "The upload was cut off; send the file again.";
    private static readonly Duration Stalled = Duration.FromSeconds(5);
    private static readonly Duration CutOff = Duration.FromMinutes(2);
    private readonly IUsageImportStore _store;
    private readonly ImportUpload _upload;
    private readonly ImportRun _run;
    private readonly IClock _clock;

    internal UsageImports(IUsageImportStore store, Usage usage, IClock clock) =>
        (_store, _upload, _run, _clock) = (store, new ImportUpload(store), new ImportRun(store, usage, clock), clock);

    /// <summary>Told when a file is ready, so that a worker of this process need not look for it.</summary>
    internal event Action? Ready;

    /// <summary>Keeps a file in the database; when this returns, a worker reads it, or <see cref="ExecuteAsync"/> does.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="content">The file.</param>
    /// <param name="file">How it is written.</param>
    /// <param name="name">The sender's own name for it: a repeat under it is answered with the first import.</param>
    /// <param name="sender">The id of the credential that it came under, which may be an alias of a customer.</param>
    /// <param name="cancellationToken">Stops the upload.</param>
    /// <exception cref="BillingException">The file is too large, another file was sent under the name, or it is being sent right now.</exception>
    public async Task<UsageImport> UploadAsync(TenantId tenant, Stream content, UsageFile file, string? name = null, string? sender = null, CancellationToken cancellationToken = default)
    {
        var (import, outcome) = await ReceiveAsync(tenant, content, file, _ => Task.FromResult(file), name, sender, cancellationToken).ConfigureAwait(false);
        return outcome is UploadOutcome.OtherFile
            ? throw new BillingException(BillingErrorCode.Conflict, $"Another file was imported under the name '{name}'; use a new name for a new file.")
            : import;
    }

    /// <summary>The same where all that is to know of the file may only be known once it was read to its end; says whether the name was known.</summary>
    internal async Task<(UsageImport Import, UploadOutcome Outcome)> ReceiveAsync(
        TenantId tenant, Stream content, UsageFile file, Func<CancellationToken, Task<UsageFile>> complete, string? name, string? sender, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        file.Csv.Validate();
        if (name is not null && await FirstAsync(tenant, name, cancellationToken).ConfigureAwait(false) is { } first)
        {
            var isSame = first.Hash == await ImportUpload.HashAsync(content, cancellationToken).ConfigureAwait(false) && first.File.IsLike(await complete(cancellationToken).ConfigureAwait(false));
            return (first, isSame ? UploadOutcome.Repeated : UploadOutcome.OtherFile);
        }

        var import = new UsageImport
        {
            Id = EntityId.New<UsageImportId>(), Tenant = tenant, Name = name, File = file, Sender = sender, ProgressAt = RealTime(), CreatedAt = _clock.GetCurrentInstant(),
        };
        if (await _store.SaveAsync(tenant, [import], [], cancellationToken).ConfigureAwait(false) is not SaveResult.Saved)
        {
            throw Busy(name!);
        }

        try
        {
            import = await _upload.ReceiveAsync(import.WithVersion(1), content, complete, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not BillingException { Code: BillingErrorCode.Conflict })
        {
            await ForgetAsync(tenant, import.Id, exception is BillingException ? exception.Message : WasCutOff, CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        Ready?.Invoke();
        return (import, UploadOutcome.New);
    }

    /// <summary>Reads an import and its progress.</summary>
    /// <exception cref="BillingException">The tenant has none such.</exception>
    public async Task<UsageImport> GetAsync(TenantId tenant, string id, CancellationToken cancellationToken = default) =>
        await _store.FindAsync(tenant, id, cancellationToken).ConfigureAwait(false) ?? throw BillingException.NotFound("usage import", id);

    /// <summary>Lists imports, newest first; filtered by <c>status</c>.</summary>
    public Task<Page<UsageImport>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken = default) => _store.ListAsync(tenant, query, cancellationToken);

    /// <summary>Stops an import; what was accepted stays. One that is over stays as it is.</summary>
    /// <exception cref="BillingException">The tenant has none such.</exception>
    public async Task<UsageImport> CancelAsync(TenantId tenant, string id, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var import = await GetAsync(tenant, id, cancellationToken).ConfigureAwait(false);
            var canceled = import.Over(UsageImportStatus.Canceled, _clock.GetCurrentInstant());
            if (import.IsOver || await _store.SaveAsync(tenant, [canceled], [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
            {
                return import.IsOver ? import : canceled.WithVersion(import.Version + 1);
            }
        }
    }

    /// <summary>Reads the file of an import to its end; one that another node has taken up is left to it.</summary>
    public Task<UsageImport> ExecuteAsync(UsageImport import, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(import);
        return _run.ExecuteAsync(import, cancellationToken);
    }

    /// <summary>Takes up what nobody works on, one import after the other, and forgets uploads that were cut off.</summary>
    internal async Task ResumeAsync(CancellationToken cancellationToken)
    {
        while (await _store.StalledAsync(RealTime() - Stalled, Limits.PageSize, cancellationToken).ConfigureAwait(false) is { Count: > 0 } stalled)
        {
            var running = stalled.Where(import => import.Status is UsageImportStatus.Running).ToList();
            foreach (var import in stalled.Where(import => import.Status is UsageImportStatus.Uploading && import.ProgressAt < RealTime() - CutOff))
            {
                await ForgetAsync(import.Tenant, import.Id, WasCutOff, cancellationToken).ConfigureAwait(false);
            }

            if (running.Count == 0)
            {
                return;
            }

            await ExecuteAsync(running[0], cancellationToken).ConfigureAwait(false);
        }
    }

    // Progress follows real time, also where billing time is a test's.
    internal static Instant RealTime() => TimeProvider.System.GetUtcNow().ToInstant();

    // The import that has the name; an upload under it that was cut off gives it up.
    private async Task<UsageImport?> FirstAsync(TenantId tenant, string name, CancellationToken cancellationToken)
    {
        Check.Code("name", name);
        var first = await _store.FindAsync(tenant, name, cancellationToken).ConfigureAwait(false);
        if (first is not { Status: UsageImportStatus.Uploading })
        {
            return first;
        }

        if (first.ProgressAt >= RealTime() - CutOff)
        {
            throw Busy(name);
        }

        await ForgetAsync(tenant, first.Id, WasCutOff, cancellationToken).ConfigureAwait(false);
        return null;
    }

    // An upload that was cut off or refused leaves its name to the next try.
    private async Task ForgetAsync(TenantId tenant, UsageImportId id, string reason, CancellationToken cancellationToken)
    {
        if (await _store.FindAsync(tenant, id.ToString(), cancellationToken).ConfigureAwait(false) is { Status: UsageImportStatus.Uploading } import)
        {
            var failed = import.Over(UsageImportStatus.Failed, _clock.GetCurrentInstant(), reason) with { Name = null };
            await _store.SaveAsync(tenant, [failed], [], cancellationToken).ConfigureAwait(false);
        }
    }

    private static BillingException Busy(string name) => new(BillingErrorCode.Conflict, $"A file is being sent under the name '{name}' right now; ask again.");
}

/// <summary>What became of an upload.</summary>
internal enum UploadOutcome
{
    /// <summary>The file is kept.</summary>
    New,

    /// <summary>The same file was sent under the name before.</summary>
    Repeated,

    /// <summary>Another file was sent under the name before.</summary>
    OtherFile,
}
