namespace BillApis.Storage;

/// <summary>Brings the database to the schema that this version of the library works with.</summary>
public interface IMigrator
{
    /// <summary>Applies what the database does not have yet, under a lock; does nothing on a current one. Any number of processes may call it at once.</summary>
    /// <exception cref="BillingException">The database cannot be opened, is newer than this library, or was migrated by a script that was changed since.</exception>
    Task MigrateAsync(CancellationToken cancellationToken);
}
